"""Makes text from a child safe to show, and adds what to write instead to the exceptions that reward code meets most."""

from __future__ import annotations

from typing import Final

_MAX_CHARACTERS: Final = 600

_HINTS: Final = {
    "read-only": "inputs must not be changed: write x = x + 1 instead of x += 1, or copy with x.copy()",
    "WRITEABLE": "inputs must not be changed: write x = x + 1, or copy with x.copy()",
    "truth value of an array": "inputs are arrays over the batch: write np.where(condition, a, b), and & | ~ for and, or, not",
    "only length-1 arrays": "inputs are arrays over the batch: write np.exp(x), not math.exp(x) or float(x)",
    "only 0-dimensional arrays": "inputs are arrays over the batch: write np.exp(x), not math.exp(x) or float(x)",
    "could not be broadcast": "scalars are (B,), vectors (B, n): add an axis with x[:, None], or reduce with axis=-1",
    "is out of bounds for axis": "the first axis is the batch: write x[:, i] for element i of a vector",
    "out of bounds for array of dimension": "scalars are (B,), vectors (B, n): reduce vectors with axis=-1, scalars not at all",
    "too many indices": "scalars are (B,) with one axis: only vectors take x[:, i]",
    "setting an array element with a sequence": "stack arrays with np.stack([a, b], axis=-1)",
}


def hint_for(detail: str) -> str:
    """What to write instead, for the text of an exception; '' where nothing fits."""
    for part, hint in _HINTS.items():
        if part in detail:
            return f"; {hint}"
    return ""


def printable(text: str) -> str:
    """At most 600 characters of `text`, with everything that is not printable replaced."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text[: _MAX_CHARACTERS + 1])
    return shown if len(shown) <= _MAX_CHARACTERS else shown[:_MAX_CHARACTERS] + "…"
