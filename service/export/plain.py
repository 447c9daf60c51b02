"""The text of a checked reward as plain Python, which does what the sandbox ran: edited by its tree, never by its text alone.

What the text looks like proves nothing: what seems to be an import may stand in a string. Each edit has its place from the
parser, and the edited text must parse to the very tree that was meant.
"""

from __future__ import annotations

import ast

from sandbox import RewardRejected
from sandbox.imports import Imports, read_imports
from sandbox.parsing import lines_of, parse_module
from sandbox.vocabulary import STAND_INS

Place = tuple[int, int]
"""A line, from 1, and a column in bytes, from 0."""


def plain(source: str) -> str | None:
    """A source without imports from `__future__`, and with `np.zeros` for `np.empty`; None where it cannot be written so.

    The caller's own first line must be `from __future__ import annotations`.
    """
    text = "\n".join(lines_of(source)).strip() + "\n"
    try:
        tree = parse_module(text)
        editor = _Editor(read_imports(tree), [line.encode() for line in text.split("\n")])
        meant = ast.dump(editor.visit(tree))
        edited = editor.text()
        return edited if ast.dump(parse_module(edited)) == meant else None
    except RewardRejected:
        return None


class _Editor(ast.NodeTransformer):
    """Changes a tree, and notes how its text is to be changed."""

    def __init__(self, imports: Imports, lines: list[bytes]) -> None:
        self._imports = imports
        self._lines = lines
        self._edits: list[tuple[Place, Place, str]] = []

    def text(self) -> str:
        """The edited text."""
        lines = [*self._lines]
        for (first, start), (last, end), new in sorted(self._edits, reverse=True):
            if last > len(lines):
                continue  # Python 3.11 misplaces what stands in some f-strings
            lines[first - 1 : last] = [lines[first - 1][:start] + new.encode() + lines[last - 1][end:]]
        return b"\n".join(lines).decode(errors="replace")

    def _note(self, start: Place, end: Place, new: str) -> None:
        self._edits.append((start, end, new))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.stmt | None:
        """An import from `__future__` goes, where it is alone on its lines; elsewhere a `pass` takes its place."""
        start, end = (node.lineno, node.col_offset), (node.end_lineno or 0, node.end_col_offset or 0)
        if node.module == "__future__":
            alone = node.col_offset == 0 and not self._lines[end[0] - 1][end[1] :].strip()
            self._note(start, end, "" if alone else "pass")
            return None if alone else ast.Pass()
        for alias in node.names:
            path = self._imports.paths.get(alias.asname or alias.name)
            if path in STAND_INS:
                alias.asname = alias.asname or alias.name
                alias.name = STAND_INS[path].removeprefix("np.")
                self._note(
                    (alias.lineno, alias.col_offset),
                    (alias.end_lineno or 0, alias.end_col_offset or 0),
                    f"{alias.name} as {alias.asname}",
                )
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        """`np.empty`, by whatever name NumPy was imported, becomes `np.zeros`."""
        value = node.value
        if isinstance(value, ast.Name) and value.id in self._imports.modules:
            other = STAND_INS.get(f"{self._imports.modules[value.id]}.{node.attr}")
            if other is not None:
                node.attr = other.removeprefix("np.")
                start = (value.end_lineno or 0, value.end_col_offset or 0)
                self._note(start, (node.end_lineno or 0, node.end_col_offset or 0), f".{node.attr}")
            return node
        self.generic_visit(node)
        return node
