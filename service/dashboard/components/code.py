"""Code as coloured text in numbered lines; what it says is words of a model, and never more than text."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from nicegui import ui
from nicegui.element import Element
from pygments.lexers.python import PythonLexer
from pygments.token import Comment, Keyword, Name, Number, Operator, String, _TokenType

ui.add_css(Path(__file__).with_suffix(".css"), shared=True)

KINDS = (
    (Comment, "comment"),
    (Keyword, "keyword"),
    (String, "string"),
    (Number, "figure"),
    (Operator.Word, "keyword"),
    (Name.Function, "function"),
    (Name.Builtin, "builtin"),
)
SIGNS = {"+": "added", "-": "removed", "@": "place"}
HEAD_LINES = 2
"""Of a unified diff: the names of both files."""
Piece = tuple[str, str]
Line = tuple[str, tuple[Piece, ...]]


class Code(Element, component="code.js"):
    """Lines, each of a kind and in pieces of a kind: what they look like stands in code.css."""

    def __init__(self, label: str, lines: tuple[Line, ...], *, numbered: bool) -> None:
        super().__init__()
        self._props["label"], self._props["lines"], self._props["numbered"] = label, lines, numbered


def python_code(label: str, source: str) -> Code:
    """A reward function, highlighted."""
    return Code(label, tuple(("", line) for line in _lines(source)), numbered=True)


def difference(label: str, diff: str) -> Code:
    """A unified diff: its lines begin with their sign."""
    lines = diff.splitlines()[HEAD_LINES:]
    return Code(label, tuple((SIGNS.get(line[:1], ""), (("", line),)) for line in lines), numbered=False)


def _lines(source: str) -> Iterator[tuple[Piece, ...]]:
    pieces: list[Piece] = []
    for token, text in PythonLexer(stripnl=False).get_tokens(source.rstrip("\n")):
        kind = _kind(token)
        first, *rest = text.split("\n")
        pieces.append((kind, first))
        for part in rest:
            yield _joined(pieces)
            pieces = [(kind, part)]


def _joined(pieces: list[Piece]) -> tuple[Piece, ...]:
    """Neighbours of one kind as one."""
    grouped = groupby((piece for piece in pieces if piece[1]), key=lambda piece: piece[0])
    return tuple((kind, "".join(text for _, text in group)) for kind, group in grouped)


def _kind(token: _TokenType) -> str:
    return next((kind for family, kind in KINDS if token in family), "")
