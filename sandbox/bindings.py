"""What a path of NumPy or `math` is bound to in the process of a reward: the function itself, or one that hides no memory.

A few calls would show what lay in memory: a ufunc or `np.clip` with `where=` and not every `out=`, `np.pad` with
`mode="empty"` or a function, and arrays of records, bytes or objects, whose padding and addresses their bytes hold. Those are
refused as they happen, wherever their arguments come from.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

_UNSET: Final = (
    "where= leaves the other elements unset: write np.where(mask, value, other), or give out= as well, "
    "as in np.divide(a, b, out=np.zeros_like(a), where=b != 0)"
)
_KINDS: Final = "biufcU"
"""Kinds of arrays: booleans, whole numbers, numbers and text. Elements of the others are not whole, or point elsewhere."""


def resolve(path: str) -> object:
    """The object behind a path that the syntax layer passed."""
    if path in _STAND_INS:
        return _STAND_INS[path]
    module, *attributes = path.split(".")
    value: object = np if module == "np" else math
    for attribute in attributes:
        value = getattr(value, attribute)
    if isinstance(value, np.ufunc):
        return _whole(value)
    if module == "np" and callable(value) and not isinstance(value, type):
        return _of_numbers(value)
    return value


def _numbers(result: object) -> object:
    """The result itself. Raises TypeError for an array of something else than numbers."""
    if isinstance(result, np.ndarray | np.generic) and result.dtype.kind not in _KINDS:
        raise TypeError(f"expected an array of numbers, got dtype {result.dtype}: give float, int or bool as dtype")
    return result


def _of_numbers(function: Callable[..., object]) -> Callable[..., object]:
    """A function that hands out arrays of numbers alone."""

    @functools.wraps(function)
    def call(*arguments: object, **options: object) -> object:
        return _numbers(function(*arguments, **options))

    return call


def _astype(value: NDArray[np.generic]) -> Callable[..., object]:
    """The method `astype` of an array, which makes arrays of numbers alone."""
    return _of_numbers(value.astype)


def _whole(ufunc: np.ufunc) -> Callable[..., object]:
    """A ufunc that refuses to leave elements unset."""

    @functools.wraps(ufunc)
    def call(*arguments: object, **options: object) -> object:
        if options.get("where", True) is not True:
            _refuse_unset(options.get("out", arguments[ufunc.nin :]), ufunc.nout)
        return _numbers(ufunc(*arguments, **options))

    return call


def _refuse_unset(out: object, results: int) -> None:
    given = out if isinstance(out, tuple) else (out,)
    if len(given) != results or any(one is None for one in given):
        raise TypeError(_UNSET)


@functools.wraps(np.clip)
def _clip(*arguments: object, **options: object) -> object:
    if options.get("where", True) is not True:
        _refuse_unset(options.get("out", arguments[3:]), 1)
    return _numbers(np.clip(*arguments, **options))  # type: ignore[call-overload]


@functools.wraps(np.pad)
def _pad(array: object, pad_width: object, mode: object = "constant", **options: object) -> object:
    if not isinstance(mode, str) or mode == "empty":
        raise TypeError('mode= must be a text other than "empty", such as "edge", or be left out')
    return _numbers(np.pad(array, pad_width, mode, **options))  # type: ignore[call-overload]


_STAND_INS: Final[dict[str, object]] = {"np.clip": _clip, "np.pad": _pad, ".astype": _astype}
