"""What a path of NumPy or `math` is bound to in the process of a reward: the function itself, or one that hides no memory.

A few functions would show what lay in memory before: a ufunc or `np.clip` with `where=` and no `out=`, and `np.pad` with
`mode="empty"` or a function. Those calls are refused as they happen, wherever their arguments come from.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Final

import numpy as np

_UNSET: Final = (
    "where= leaves the other elements unset: write np.where(mask, value, other), or give out= as well, "
    "as in np.divide(a, b, out=np.zeros_like(a), where=b != 0)"
)


def resolve(path: str) -> object:
    """The object behind a path that the syntax layer passed."""
    module, *attributes = path.split(".")
    value: object = np if module == "np" else math
    for attribute in attributes:
        value = getattr(value, attribute)
    if isinstance(value, np.ufunc):
        return _whole(value)
    return _STAND_INS.get(path, value)


def _whole(ufunc: np.ufunc) -> Callable[..., object]:
    """A ufunc that refuses to leave elements unset."""

    @functools.wraps(ufunc)
    def call(*arguments: object, **options: object) -> object:
        if options.get("where", True) is not True:
            _refuse_unset(options.get("out", arguments[ufunc.nin :] or None))
        return ufunc(*arguments, **options)

    return call


def _refuse_unset(out: object) -> None:
    if out is None or (isinstance(out, tuple) and any(one is None for one in out)):
        raise TypeError(_UNSET)


@functools.wraps(np.clip)
def _clip(*arguments: object, **options: object) -> object:
    if options.get("where", True) is not True:
        _refuse_unset(options.get("out", arguments[3:] or None))
    return np.clip(*arguments, **options)  # type: ignore[call-overload]


@functools.wraps(np.pad)
def _pad(array: object, pad_width: object, mode: object = "constant", **options: object) -> object:
    if not isinstance(mode, str) or mode == "empty":
        raise TypeError('mode= must be a text other than "empty", such as "edge", or be left out')
    return np.pad(array, pad_width, mode, **options)  # type: ignore[call-overload]


_STAND_INS: Final[dict[str, object]] = {"np.clip": _clip, "np.pad": _pad}
