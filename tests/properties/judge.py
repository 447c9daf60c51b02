"""A judge of checked rewards that shares no code with the syntax layer: what is in a tree, and what each name stands for.

It is written from the promise alone: a checked tree holds plain statements and expressions; every name in it is bound by the
code itself, or is a function of NumPy or `math`, or a builtin, of the vocabulary; nothing reaches private parts or modules.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from typing import Final

from sandbox import CheckedReward
from sandbox.vocabulary import ATTRIBUTES, BUILTINS, METHODS, PATHS, STAND_INS

_STATEMENTS: Final = {
    *(
        "Module",
        "FunctionDef",
        "Return",
        "Assign",
        "AugAssign",
        "For",
        "If",
        "With",
        "Expr",
        "Pass",
        "Break",
        "Continue",
    ),
    *("Assert", "Delete", "withitem", "arguments", "arg"),
}
_EXPRESSIONS: Final = {
    *("BoolOp", "NamedExpr", "BinOp", "UnaryOp", "Lambda", "IfExp", "Dict", "Set", "ListComp", "SetComp", "DictComp"),
    *("GeneratorExp", "comprehension", "Compare", "Call", "keyword", "FormattedValue", "JoinedStr", "Constant"),
    *("Attribute", "Subscript", "Starred", "Name", "List", "Tuple", "Slice", "Load", "Store", "Del"),
}
_OPERATORS: Final = {
    *("And", "Or", "Not", "Invert", "UAdd", "USub", "Add", "Sub", "Mult", "MatMult", "Div", "Mod", "Pow", "LShift"),
    *(
        "RShift",
        "BitOr",
        "BitXor",
        "BitAnd",
        "FloorDiv",
        "Eq",
        "NotEq",
        "Lt",
        "LtE",
        "Gt",
        "GtE",
        "Is",
        "IsNot",
        "In",
        "NotIn",
    ),
}
_KINDS: Final = _STATEMENTS | _EXPRESSIONS | _OPERATORS
_PYTHONS_OWN: Final = frozenset(dir(builtins)) - BUILTINS
_MODULES: Final = {"np", "math"}
_BOUND: Final = PATHS | frozenset(METHODS.values())


def objections(checked: CheckedReward) -> list[str]:
    """What is wrong with a checked reward; empty where it keeps the promise."""
    found = [f"{name} is no builtin of the vocabulary" for name in checked.builtins if name not in BUILTINS]
    found += [f"{path} is no path of the vocabulary" for path in checked.paths if path not in _BOUND]
    found += [f"{path} has a stand-in and is bound itself" for path in checked.paths if path in STAND_INS]
    for node in ast.walk(checked.tree):
        found += _of_node(node)
    return found + list(_unbound(checked.tree, [frozenset(checked.paths) | frozenset(checked.builtins)], checked))


def _of_node(node: ast.AST) -> Iterator[str]:
    """Objections to one node, whatever stands around it."""
    kind = type(node).__name__
    if kind not in _KINDS:
        yield f"a node of kind {kind}"
    if isinstance(node, ast.FunctionDef) and (node.decorator_list or node.returns or node.type_comment):
        yield f"function {node.name} keeps a decorator or a hint"
    if isinstance(node, ast.arg) and (node.annotation or node.type_comment):
        yield f"parameter {node.arg} keeps a hint"
    if isinstance(node, ast.Assign | ast.For | ast.With) and node.type_comment:
        yield "a statement keeps a hint"
    if isinstance(node, ast.comprehension) and node.is_async:
        yield "an asynchronous comprehension"
    if isinstance(node, ast.Attribute) and (
        not isinstance(node.ctx, ast.Load)
        or node.attr.startswith("_")
        or node.attr not in ATTRIBUTES
        or node.attr in METHODS
    ):
        yield f"attribute {node.attr}"
    if isinstance(node, ast.Constant):
        if type(node.value) not in (int, float, str, bool, type(None), type(...)):
            yield f"a constant of {type(node.value).__name__}"
        elif isinstance(node.value, int) and node.value.bit_length() > 65:
            yield "an enormous integer"
    if isinstance(node, ast.With) and not all(
        isinstance(item.context_expr, ast.Call)
        and isinstance(item.context_expr.func, ast.Name)
        and item.context_expr.func.id == "np.errstate"
        and item.optional_vars is None
        for item in node.items
    ):
        yield "a with statement of something else than np.errstate"
    for name in _identifiers(node):
        if name.startswith("__") or name in _PYTHONS_OWN or name in _MODULES:
            yield f"name {name}"
        if not name.isidentifier() and name not in _BOUND:
            yield f"name {name}, which no source can spell and no path is"


def _identifiers(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.arg):
        yield node.arg
    elif isinstance(node, ast.FunctionDef):
        yield node.name


def _unbound(node: ast.AST, scopes: list[frozenset[str]], checked: CheckedReward) -> Iterator[str]:
    """Names that are read and that no scope around them binds."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        if not any(node.id in scope for scope in scopes):
            yield f"name {node.id} is bound nowhere"
        return
    if isinstance(node, ast.Module):
        scopes = [*scopes, frozenset(_stored([*node.body]))]
    elif isinstance(node, ast.FunctionDef | ast.Lambda):
        for default in (*node.args.defaults, *filter(None, node.args.kw_defaults)):
            yield from _unbound(default, scopes, checked)
        signature = node.args
        parameters = [*signature.posonlyargs, *signature.args, *signature.kwonlyargs]
        parameters += [one for one in (signature.vararg, signature.kwarg) if one]
        body: list[ast.AST] = [*node.body] if isinstance(node, ast.FunctionDef) else [node.body]
        scopes = [*scopes, frozenset(one.arg for one in parameters) | {*_stored(body)}]
        for one in body:
            yield from _unbound(one, scopes, checked)
        return
    elif isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        scopes = [*scopes, frozenset(_stored([generator.target for generator in node.generators]))]
    for inner in ast.iter_child_nodes(node):
        yield from _unbound(inner, scopes, checked)


def _stored(nodes: list[ast.AST]) -> Iterator[str]:
    """Names that a block binds, those in functions and comprehensions within it left out, but for := in comprehensions."""
    for node in nodes:
        if isinstance(node, ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            yield from (inner.target.id for inner in ast.walk(node) if isinstance(inner, ast.NamedExpr))
        elif not isinstance(node, ast.Lambda):
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                yield node.id
            yield from _stored(list(ast.iter_child_nodes(node)))
