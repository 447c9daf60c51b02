"""What reaches the terminal: never a control sequence that a model or a request wrote, never markup."""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

# ECMA-48: control sequences, then strings (OSC, DCS, APC, PM, SOS) up to their end, then two-byte escapes.
SEQUENCES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?|\x1b[ -/]*[0-~]"
)


def clean(text: str) -> str:
    """The text without escape sequences, control and format characters; line breaks and tabs stay."""
    without = SEQUENCES.sub("", text)
    return "".join(c for c in without if c in "\n\t" or not unicodedata.category(c).startswith("C"))


def console(*, error: bool = False) -> Console:
    """A console that takes every string as it is: no markup, no emoji codes, no guessing at highlights."""
    from rich.console import Console

    return Console(stderr=error, markup=False, emoji=False, highlight=False, soft_wrap=not sys.stdout.isatty())


def print_json(value: object) -> None:
    """One JSON document on standard output, in ASCII: models, and lists and dictionaries of them."""
    from pydantic_core import to_jsonable_python

    sys.stdout.write(json.dumps(to_jsonable_python(value), indent=2, ensure_ascii=True) + "\n")
    sys.stdout.flush()
