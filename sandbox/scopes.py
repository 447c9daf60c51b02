"""Which names a piece of code binds, so that an undefined name is found before the code runs."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from sandbox.syntax import children

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


def bound_names(scope: Scope) -> frozenset[str]:
    """The names that `scope` itself binds: parameters, assignments, loop targets and functions, not those of inner scopes."""
    if isinstance(scope, ast.FunctionDef | ast.Lambda):
        own = {argument.arg for argument in arguments(scope.args)}
        body: list[ast.AST] = [*scope.body] if isinstance(scope, ast.FunctionDef) else [scope.body]
    elif isinstance(scope, ast.Module):
        own, body = set(), [*scope.body]
    else:
        own, body = set(), [generator.target for generator in scope.generators]
    return frozenset(own.union(*(_bound_in(node) for node in body)))


def _bound_in(root: ast.AST) -> Iterator[str]:
    """Names bound at or below `root`, without going into functions; a walrus in a comprehension binds outside it."""
    waiting = [(root, False)]
    while waiting:
        node, comprehended = waiting.pop()
        if isinstance(node, ast.Lambda):
            continue
        if isinstance(node, ast.FunctionDef):
            yield node.name
            continue
        if isinstance(node, ast.NamedExpr):
            yield node.target.id
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and not comprehended:
            yield node.id
        comprehended = comprehended or isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp)
        waiting += [(inner, comprehended) for inner in children(node)]
