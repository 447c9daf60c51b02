"""Fast ways over a syntax tree: `ast.walk` takes longer than everything else that is done to a source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

# Fields that never hold a node that is judged: every operator and context is allowed.
_WITHOUT_NODES: Final = frozenset(
    {
        "ctx",
        "op",
        "ops",
        "id",
        "attr",
        "arg",
        "name",
        "names",
        "module",
        "level",
        "type_comment",
        "kind",
        "conversion",
        "simple",
    }
)
_LEAVES: Final = (ast.Name, ast.Constant, ast.Pass, ast.Break, ast.Continue, ast.alias, ast.Import, ast.ImportFrom)
_BLOCKS: Final = ("body", "orelse", "finalbody")


def _classes(root: type[ast.AST]) -> Iterator[type[ast.AST]]:
    yield root
    for inner in root.__subclasses__():
        yield from _classes(inner)


NODE_FIELDS: Final = {
    kind: () if issubclass(kind, _LEAVES) else tuple(name for name in kind._fields if name not in _WITHOUT_NODES)
    for kind in _classes(ast.AST)
}
"""Kind of node -> the fields in which nodes, or lists of nodes, may stand."""


def children(node: ast.AST) -> list[ast.AST]:
    """The nodes directly below `node`, but operators, contexts and the parts of imports."""
    found: list[ast.AST] = []
    for name in NODE_FIELDS[type(node)]:
        value = getattr(node, name, None)
        if value.__class__ is list:
            found += [inner for inner in value if isinstance(inner, ast.AST)]
        elif isinstance(value, ast.AST):
            found.append(value)
    return found


def descendants(node: ast.AST) -> Iterator[ast.AST]:
    """`node` and every node below it, level by level."""
    level = [node]
    while level:
        yield from level
        level = [inner for outer in level for inner in children(outer)]


def statements(body: list[ast.stmt], into_functions: bool) -> Iterator[ast.stmt]:
    """Every statement of a block and of the blocks within it, in no particular order."""
    waiting = [*body]
    while waiting:
        statement = waiting.pop()
        yield statement
        if into_functions or not isinstance(statement, ast.FunctionDef):
            for name in _BLOCKS:
                waiting += getattr(statement, name, ())
