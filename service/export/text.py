"""Makes text that models and requests wrote safe to stand in a Python comment, in Markdown and in a shell line."""

from __future__ import annotations

import json
import re
import unicodedata

MARKDOWN = re.compile(r"([\\`*_\[\]|$~#])")
BACKTICKS = re.compile(r"`+")


def plain(text: str) -> str:
    """One line without control, format (bidirectional overrides among them) and unassigned characters."""
    kept = (" " if character.isspace() else character for character in text)
    return " ".join("".join(c for c in kept if not unicodedata.category(c).startswith("C")).split())


def quoted(text: str) -> str:
    """A JSON string in ASCII: no character of it can end a comment or change how a file is read."""
    return json.dumps(text, ensure_ascii=True)


def markdown(text: str) -> str:
    """One line that Markdown shows as it is: no markup, no HTML, no link, no cell border."""
    escaped = plain(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return MARKDOWN.sub(r"\\\1", escaped)


def fenced(code: str, language: str) -> str:
    """A code block whose fence is longer than any run of backticks in the code."""
    longest = max((len(run) for run in BACKTICKS.findall(code)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{code.rstrip()}\n{fence}"
