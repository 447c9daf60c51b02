"""One transition in words, for messages: which inputs a row had, in bounded length."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

_MOST_INPUTS: Final = 8
_MOST_ENTRIES: Final = 4


def shown(inputs: Mapping[str, NDArray[np.float32]], row: int) -> str:
    """A row as `row 7, where speed=0.5, action=[0.1, -0.2, 0.3, 1, … 8 in all]`; inputs are (B,) or (B, n) float32.

    At most 8 inputs and 4 entries of a vector are written out; the rest is counted.
    """
    values = [f"{name}={_value(array[row])}" for name, array in list(inputs.items())[:_MOST_INPUTS]]
    if not values:
        return f"row {row}"
    more = len(inputs) - len(values)
    return f"row {row}, where {', '.join(values)}" + (f" and {more} inputs more" if more else "")


def _value(value: NDArray[np.float32] | np.float32) -> str:
    entries = np.atleast_1d(value)
    if np.ndim(value) == 0:
        return f"{float(entries[0]):.4g}"
    written = ", ".join(f"{float(entry):.4g}" for entry in entries[:_MOST_ENTRIES])
    return f"[{written}, … {len(entries)} in all]" if len(entries) > _MOST_ENTRIES else f"[{written}]"
