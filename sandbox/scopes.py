"""Which names a piece of code binds, so that an undefined name is found before the code runs."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from sandbox.syntax import children, statements

Scope = ast.FunctionDef | ast.Lambda | ast.Module | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


def arguments(signature: ast.arguments) -> list[ast.arg]:
    """Every parameter of a signature, in the order written."""
    named = [*signature.posonlyargs, *signature.args]
    if signature.vararg:
        named.append(signature.vararg)
    named.extend(signature.kwonlyargs)
    if signature.kwarg:
        named.append(signature.kwarg)
    return named


def bound_names(scope: Scope, walrus: bool = True) -> frozenset[str]:
    """The names that `scope` itself binds: parameters, assignments, loop targets and functions, not those of inner scopes.

    `walrus`: whether `:=` occurs in the source at all; without one, expressions bind nothing and are not looked into.
    """
    if isinstance(scope, ast.FunctionDef | ast.Module):
        body = scope.body
        names = {name for statement in statements(body, into_functions=False) for name in _bound_by(statement)}
        inner: list[ast.AST] = [*body]
    elif isinstance(scope, ast.Lambda):
        names, inner = set(), [scope.body]
    else:
        inner = [generator.target for generator in scope.generators]
        names = {name for target in inner for name in _stored(target)}
    if isinstance(scope, ast.FunctionDef | ast.Lambda):
        names.update(argument.arg for argument in arguments(scope.args))
    if walrus:
        names.update(name for node in inner for name in _walruses(node))
    return frozenset(names)


def _bound_by(statement: ast.stmt) -> Iterator[str]:
    """The names that one statement binds, but by a walrus or in the blocks within it."""
    if isinstance(statement, ast.FunctionDef):
        yield statement.name
    elif isinstance(statement, ast.Assign):
        for target in statement.targets:
            yield from _stored(target)
    elif isinstance(statement, ast.AugAssign | ast.For):
        yield from _stored(statement.target)
    elif isinstance(statement, ast.AnnAssign):
        # Without a value it declares and binds nothing.
        yield from _stored(statement.target) if statement.value is not None else ()
    elif isinstance(statement, ast.With):
        for item in statement.items:
            if item.optional_vars is not None:
                yield from _stored(item.optional_vars)


def _stored(target: ast.AST) -> Iterator[str]:
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, ast.Tuple | ast.List | ast.Starred):
        for inner in children(target):
            yield from _stored(inner)


def _walruses(root: ast.AST) -> Iterator[str]:
    """Names bound by walruses at or below `root`, without going into functions; those of a comprehension bind outside it."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.NamedExpr):
            yield node.target.id
        waiting += children(node)
