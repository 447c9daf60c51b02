"""Reads what reward code returned into float32 columns, in its own process; every refusal says what was expected."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sandbox.channel import MAX_COMPONENTS, MAX_NAME_CHARACTERS
from sandbox.errors import RewardMisshapen

_LARGEST = float(np.finfo(np.float32).max)
_RETURN = "return total, {'name': array, …}"


def reward_columns(result: object, columns: NDArray[np.float32]) -> tuple[list[str], int]:
    """Copies the total and the components of `result` into `columns` (1 + 16, B).

    Returns the names in order, and bits for the columns that one number was spread over (bit 0: the total). Raises
    RewardMisshapen.
    """
    if not isinstance(result, tuple | list) or len(result) != 2:
        count = f" of {len(result)}" if isinstance(result, tuple | list) else ""
        raise RewardMisshapen(
            f"expected a tuple of 2 (total, components), got a {_kind(result)}{count}; write {_RETURN}"
        )
    total, components = result
    if not isinstance(components, dict):
        raise RewardMisshapen(f"expected the components as a dict, got a {_kind(components)}; write {_RETURN}")
    if not 1 <= len(components) <= MAX_COMPONENTS:
        raise RewardMisshapen(f"expected 1 to {MAX_COMPONENTS} components, got {len(components)}")
    broadcast = _fill(columns[0], total, "the total")
    for index, (name, value) in enumerate(components.items(), start=1):
        check_name(name)
        broadcast |= _fill(columns[index], value, f"component '{name}'") << index
    return list(components), broadcast


def check_name(name: object) -> None:
    """Raises RewardMisshapen unless `name` can name a component."""
    if not isinstance(name, str):
        raise RewardMisshapen(f"expected text as the name of a component, got a {_kind(name)}")
    if not (name.isascii() and name.isidentifier() and len(name) <= MAX_NAME_CHARACTERS):
        shown = name[:MAX_NAME_CHARACTERS].encode("ascii", "replace").decode()
        rule = f"letters, digits and _, at most {MAX_NAME_CHARACTERS}, no digit first"
        raise RewardMisshapen(f"component name {shown!r} is not allowed: {rule}")


def _fill(column: NDArray[np.float32], value: object, what: str) -> int:
    """Copies one result; 1 where one number was spread over all rows."""
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise RewardMisshapen(
            f"{what}: expected numbers, got a {_kind(value)} of dtype {array.dtype}; {_dtype_advice(array.dtype.kind)}"
        )
    rows = len(column)
    if array.shape == (rows,) or array.ndim == 0:
        try:
            with np.errstate(all="ignore", over="raise"):
                np.copyto(column, array, casting="unsafe")
        except FloatingPointError:
            raise RewardMisshapen(_overflow(what, np.broadcast_to(array, rows))) from None
        return int(array.ndim == 0)
    raise RewardMisshapen(f"{what}: expected shape ({rows},), got {array.shape}; {_shape_advice(array.shape, rows)}")


def _dtype_advice(kind: str) -> str:
    if kind == "c":
        return "take np.real or np.abs, and keep roots and powers of negative numbers out with np.maximum(x, 0)"
    if kind == "O":
        return "build arrays with np.stack or np.where and not from lists of arrays, None or numbers past 64 bits"
    return "return float32, float64, int or bool, one number per transition"


def _overflow(what: str, values: NDArray[np.generic]) -> str:
    """Numbers that were finite in the code's own type and have no float32."""
    with np.errstate(all="ignore"):
        lost = np.isfinite(values) & ~np.isfinite(values.astype(np.float32))
    row = int(np.argmax(lost))
    return (
        f"{what}: expected numbers that float32 can hold, up to {_LARGEST:.3g}, got {values[row]:.3g} as {values.dtype} in "
        f"{int(lost.sum())} of {len(values)} rows, first in row {row}; bound exponents and products, as with np.clip"
    )


def _shape_advice(shape: tuple[int, ...], rows: int) -> str:
    if shape == (rows, 1):
        return "drop the last axis with [:, 0], or use axis=-1 without keepdims"
    if shape == (rows, rows):
        return "a (B,) met a (B, 1): drop the last axis of one with [:, 0]"
    if len(shape) == 2 and shape[0] == rows:
        return "reduce the last axis, as with np.sum(x, axis=-1)"
    return "keep the first axis: one number per transition"


def metric_numbers(result: object) -> tuple[float, float]:
    """Score and success of a metric's `result`, each one number. Raises RewardMisshapen."""
    assert isinstance(result, tuple)
    return _number(result[0], "score"), float(bool(_number(result[1], "success")))


def _number(value: object, what: str) -> float:
    array = np.asarray(value)
    if array.size != 1 or array.dtype.kind not in "biuf":
        advice = "reduce over time, as with x[-1], np.mean(x) or np.all(x > 0)"
        raise RewardMisshapen(f"{what}: expected one number, got shape {array.shape} of dtype {array.dtype}; {advice}")
    return float(array.reshape(()))


def _kind(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"array of shape {value.shape}"
    return type(value).__name__[:MAX_NAME_CHARACTERS]
