"""The allowlist over the syntax tree: checks every node and rewrites the tree to plain names.

A path such as `np.exp` becomes a name whose identifier is the path itself, which no source can spell, so no rewritten
name can meet one of the code's own. Imports and type hints are dropped: the sandbox never evaluates them. An exported
reward is the text itself, run by its user: there a hint, a rebound builtin or an import must be as harmless as here.
"""

from __future__ import annotations

import ast
import builtins
import difflib
from collections.abc import Iterable
from typing import Final, TypeVar

from sandbox.errors import Fault
from sandbox.imports import Imports, is_refused_builtin
from sandbox.scopes import Scope, arguments, bound_names
from sandbox.syntax import NODE_FIELDS, descendants
from sandbox.vocabulary import (
    ATTRIBUTES,
    BUILTINS,
    METHOD_ADVICE,
    METHODS,
    NAME_ADVICE,
    PATH_ADVICE,
    PATHS,
    STAND_INS,
    STATEMENT_ADVICE,
    TYPE_PATHS,
)

MAX_LOOP_DEPTH: Final = 4
MAX_FAULTS: Final = 64
MAX_SUGGESTIONS: Final = 6
"""Comparing names is slow: only the first so many slips of a source are answered with the nearest known names."""

_LONGEST_COMPARED: Final = 40
_MOST_COMPARED: Final = 400
_LARGEST_INTEGER: Final = 2**64
_HINT: Final = (ast.Name, ast.Attribute, ast.Subscript, ast.Tuple, ast.List, ast.Constant, ast.UnaryOp)

_PLAIN: Final = (
    *(ast.Module, ast.Return, ast.Assign, ast.AugAssign, ast.If, ast.Expr, ast.Pass, ast.Break, ast.Continue),
    *(ast.Assert, ast.Delete, ast.BoolOp, ast.NamedExpr, ast.BinOp, ast.UnaryOp, ast.IfExp, ast.Dict, ast.Set),
    *(ast.Compare, ast.Call, ast.keyword, ast.FormattedValue, ast.JoinedStr, ast.Subscript, ast.Starred, ast.List),
    *(ast.Tuple, ast.Slice, ast.withitem, ast.arguments),
)
_Node = TypeVar("_Node", bound=ast.AST)
_Loop = ast.For | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


def nearest(name: str, known: Iterable[str], about: int = 3) -> str:
    """The names of `known` that look most like `name`, joined for a message; '' where none does."""
    if len(name) > _LONGEST_COMPARED:
        return ""
    similar = sorted((abs(len(one) - len(name)), one) for one in known if len(one) <= _LONGEST_COMPARED)
    compared = [one for _, one in similar[:_MOST_COMPARED]]
    return ", ".join(difflib.get_close_matches(name, compared, n=about, cutoff=0.5))


class Grammar(ast.NodeTransformer):
    """One pass over a parsed tree: `visit` returns the rewritten tree and fills what is public here.

    `constants` are those of the rewritten tree. `variables` are the names the environment knows, for a hint where code uses
    one that it did not ask for; `walrus`: whether `:=` occurs in the source at all.
    """

    def __init__(self, imports: Imports, variables: frozenset[str], walrus: bool = True) -> None:
        self.faults: list[Fault] = imports.faults[:MAX_FAULTS]
        self.used_paths: set[str] = set()
        self.used_builtins: set[str] = set()
        self.constants: list[ast.Constant] = []
        self._imports = imports
        self._imported = imports.names()
        self._variables = variables
        self._walrus = walrus
        self._scopes: list[frozenset[str]] = []
        self._aliases: set[str] = set()
        self._read: dict[str, ast.Name] = {}
        self._loops = 0
        self._in_with = False
        self._clip: ast.Attribute | None = None
        self._suggestions = MAX_SUGGESTIONS

    def refuse(self, code: str, message: str, node: ast.AST) -> None:
        """Notes a refusal at the place of `node`; those past the first MAX_FAULTS are left out."""
        if len(self.faults) >= MAX_FAULTS:
            return
        column = getattr(node, "col_offset", None)
        self.faults.append(Fault(code, message, getattr(node, "lineno", None), None if column is None else column + 1))

    def _nearest(self, name: str, known: Iterable[str]) -> str:
        self._suggestions -= 1
        return nearest(name, known) if self._suggestions >= 0 else ""

    def generic_visit(self, node: _Node) -> _Node:
        """Goes on into a node of a plain kind; refuses every other kind."""
        if isinstance(node, _PLAIN):
            return self._descend(node)
        kind = type(node).__name__
        advice = STATEMENT_ADVICE.get(kind, "write plain assignments, expressions and functions")
        self.refuse("statement" if isinstance(node, ast.stmt) else "expression", f"{kind} is refused: {advice}", node)
        return node

    def _descend(self, node: _Node) -> _Node:
        """Rewrites everything below a node."""
        for name in NODE_FIELDS[type(node)]:
            value = getattr(node, name, None)
            if value.__class__ is list:
                setattr(node, name, [inner and self.visit(inner) for inner in value])
            elif isinstance(value, ast.AST):
                setattr(node, name, self.visit(value))
        return node

    def _within(self, scope: Scope, node: _Node) -> _Node:
        self._scopes.append(bound_names(scope, self._walrus))
        try:
            return self._descend(node)
        finally:
            self._scopes.pop()

    def expression(self, node: ast.expr, names: Iterable[str]) -> ast.expr:
        """Rewrites one expression in which `names` are defined."""
        self._scopes.append(frozenset(names))
        result: ast.expr = self.visit(node)
        self._scopes.pop()
        return result

    def visit_Module(self, node: ast.Module) -> ast.AST:
        """Enters the outermost scope."""
        self._scopes.append(bound_names(node, self._walrus))
        node.body = self._statements(node.body)
        self._scopes.pop()
        for name in self._aliases & self._read.keys():
            self._refuse_type(self._read[name])
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Checks a function and drops its type hints."""
        self._check_bound(node.name, node)
        if node.decorator_list:
            self.refuse("function.decorator", f"{node.name} has a decorator; remove it", node.decorator_list[0])
        self._check_hint(node.returns)
        node.decorator_list, node.returns, node.type_comment = [], None, None
        if getattr(node, "type_params", None):
            self.refuse("function.signature", f"{node.name} has type parameters; remove them", node)
        loops, self._loops = self._loops, 0
        node.args.defaults = [self.visit(default) for default in node.args.defaults]
        node.args.kw_defaults = [default and self.visit(default) for default in node.args.kw_defaults]
        self._check_arguments(node.args)
        self._scopes.append(bound_names(node, self._walrus))
        node.body = self._statements(node.body)
        self._scopes.pop()
        self._loops = loops
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        """Checks a lambda."""
        self._check_arguments(node.args)
        return self._within(node, node)

    def _check_arguments(self, signature: ast.arguments) -> None:
        for argument in arguments(signature):
            self._check_hint(argument.annotation)
            argument.annotation = None
            self._check_bound(argument.arg, argument)

    def _check_hint(self, hint: ast.expr | None) -> None:
        """Whoever runs the text itself evaluates its hints: they may look names up, and call nothing."""
        for node in descendants(hint) if hint else ():
            union = isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr)
            private = isinstance(node, ast.Attribute) and node.attr.startswith("_")
            if private or not (union or isinstance(node, _HINT)):
                self.refuse("hint", "a type hint may hold names, dots, brackets and | alone; leave it out", node)
                return

    def visit_arg(self, node: ast.arg) -> ast.AST:
        """Arguments are checked with their function."""
        return node

    def _statements(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """Rewrites a block; a block left empty by dropped statements gets a `pass`."""
        kept: list[ast.stmt] = []
        for statement in body:
            result = self.visit(statement)
            if result is not None:
                kept.append(result)
        return kept or [ast.copy_location(ast.Pass(), first) for first in body[:1]]

    def visit_If(self, node: ast.If) -> ast.AST:
        """Checks a condition and its blocks."""
        node.test = self.visit(node.test)
        node.body = self._statements(node.body)
        node.orelse = self._statements(node.orelse) if node.orelse else []
        return node

    def visit_For(self, node: ast.For) -> ast.AST:
        """Checks a loop and its depth."""
        node.type_comment = None
        self._enter_loop(node)
        node.target, node.iter = self.visit(node.target), self.visit(node.iter)
        node.body = self._statements(node.body)
        node.orelse = self._statements(node.orelse) if node.orelse else []
        self._loops -= 1
        return node

    def _enter_loop(self, node: _Loop, loops: int = 1) -> None:
        self._loops += loops
        if self._loops > MAX_LOOP_DEPTH:
            self.refuse("loop.depth", f"loops nest deeper than {MAX_LOOP_DEPTH}; write array expressions instead", node)

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> ast.AST:
        for generator in node.generators:
            if generator.is_async:
                self.refuse("expression", "async for is refused: write a plain for", node)
        self._enter_loop(node, len(node.generators))
        result = self._within(node, node)
        self._loops -= len(node.generators)
        return result

    def visit_ListComp(self, node: ast.ListComp) -> ast.AST:
        """Checks a comprehension."""
        return self._comprehension(node)

    def visit_SetComp(self, node: ast.SetComp) -> ast.AST:
        """Checks a comprehension."""
        return self._comprehension(node)

    def visit_DictComp(self, node: ast.DictComp) -> ast.AST:
        """Checks a comprehension."""
        return self._comprehension(node)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> ast.AST:
        """Checks a comprehension."""
        return self._comprehension(node)

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        """Checks one `for … in … if …` of a comprehension."""
        return self._descend(node)

    def visit_With(self, node: ast.With) -> ast.AST | list[ast.stmt]:
        """Allows `with np.errstate(...)` alone."""
        for item in node.items:
            call = item.context_expr
            if item.optional_vars is not None or not self._is_errstate(call):
                self.refuse(
                    "statement", "only `with np.errstate(divide='ignore', …):` is allowed; write plain statements", node
                )
            else:
                self._in_with = True
                item.context_expr = self.visit(call)
                self._in_with = False
        node.type_comment = None
        node.body = self._statements(node.body)
        return node

    def _is_errstate(self, node: ast.expr) -> bool:
        """Whether `node` is `np.errstate` with plain answers: the others would print, or call code from anywhere."""
        if not isinstance(node, ast.Call) or node.args:
            return False
        named = node.func.id if isinstance(node.func, ast.Name) else None
        path = self._imports.paths.get(named) if named else self._dotted(node.func)
        return path == "np.errstate" and all(
            isinstance(keyword.value, ast.Constant) and keyword.value.value in ("ignore", "warn", "raise")
            for keyword in node.keywords
        )

    def visit_Import(self, node: ast.Import) -> None:
        """Imports were read before; they are dropped."""

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """Imports were read before; they are dropped."""

    def visit_Assign(self, node: ast.Assign) -> ast.AST | None:
        """Drops an alias of a type, checks every other assignment."""
        target = node.targets[0]
        if len(node.targets) == 1 and isinstance(target, ast.Name) and self._is_type(node.value):
            self._alias(target, node.value)
            return None
        node.type_comment = None
        return self._descend(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        """Drops the hint; a declaration without a value goes altogether."""
        self._check_hint(node.annotation)
        if isinstance(node.target, ast.Name) and (node.value is None or self._is_type(node.value)):
            if node.value is None and len(self._scopes) > 1 and node.target.id not in self._scopes[-1]:
                # To Python it would be a local name without a value, whatever has that name outside.
                self.refuse("hint", f"{node.target.id} is declared and never given a value; leave the line out", node)
            self._alias(node.target, node.value)
            return None
        if node.value is None:
            self.refuse("hint", "a type hint without a value may stand behind a name alone; leave it out", node)
            return None
        assign = ast.copy_location(ast.Assign(targets=[node.target], value=node.value), node)
        return self._descend(assign)

    def _alias(self, target: ast.Name, value: ast.expr | None) -> None:
        """Takes note of a name that stands for a type; without a value it stands for nothing."""
        self._check_bound(target.id, target)
        self._check_hint(value)
        if value is not None:
            self._aliases.add(target.id)

    def _is_type(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Subscript):
            return self._is_type(node.value)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            return self._is_type(node.left) or self._is_type(node.right)
        if isinstance(node, ast.Name):
            return node.id in self._imports.types or node.id in self._aliases
        if isinstance(node, ast.Attribute):
            root = _root(node)
            return root in self._imports.types or self._dotted(node) in TYPE_PATHS
        return False

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        """Allows numbers, text, booleans, None and the ellipsis."""
        self.constants.append(node)
        if not isinstance(node.value, bool | int | float | str | type(None) | type(...)):
            kind = type(node.value).__name__
            advice = "; wrap angles with np.arctan2(np.sin(x), np.cos(x))" if kind == "complex" else ""
            self.refuse("constant", f"a {kind} constant is refused: write numbers as int or float{advice}", node)
        elif isinstance(node.value, int) and node.value > _LARGEST_INTEGER:
            self.refuse("constant", "an integer constant may be at most 2**64: write larger numbers as 1e30", node)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Checks a call; x.clip(…) hands what it does not know to a ufunc, whose `where=` would show what lay in memory before."""
        if isinstance(node.func, ast.Attribute) and node.func.attr == "clip" and self._dotted(node.func) is None:
            if any(keyword.arg in (None, "where") for keyword in node.keywords):
                self.refuse("attribute", ".clip takes no where= and no **: write np.where(mask, x.clip(a, b), x)", node)
            self._clip = node.func
        return self._descend(node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """Resolves a path of a module to a plain name; elsewhere allows listed attributes alone."""
        path = self._dotted(node)
        if path is not None and path in PATHS and isinstance(node.ctx, ast.Load):
            return self._bind(path, node)
        if path is not None and self._dotted(node.value) not in PATHS:
            self._refuse_path(path, node)
            return node
        if not isinstance(node.ctx, ast.Load):
            self.refuse("attribute.assigned", f".{node.attr} cannot be assigned: use a local variable", node)
        elif node.attr.startswith("_"):
            self.refuse("attribute.private", f".{node.attr} is refused: names that begin with _ are private", node)
        elif node.attr == "clip" and node is not self._clip:
            self.refuse("attribute", ".clip is to be called where it stands, as in x.clip(0.0, 1.0)", node)
        elif node.attr not in ATTRIBUTES:
            advice = METHOD_ADVICE.get(node.attr) or "write an np function instead"
            close = self._nearest(node.attr, ATTRIBUTES)
            hint = f" (near: {close})" if close and node.attr not in METHOD_ADVICE else ""
            self.refuse("attribute", f".{node.attr} is not allowed: {advice}{hint}", node)
        node.value = self.visit(node.value)
        return self._bind_method(node) if node.attr in METHODS else node

    def _bind_method(self, node: ast.Attribute) -> ast.Call:
        """`x.astype` becomes a call, with x, of the function that stands in for the method."""
        path = METHODS[node.attr]
        self.used_paths.add(path)
        function = ast.copy_location(ast.Name(path, ast.Load()), node)
        return ast.copy_location(ast.Call(function, [node.value], []), node)

    def _dotted(self, node: ast.expr) -> str | None:
        """The path of `np.linalg.norm` and its like, with the module's own prefix; None for anything else."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id not in self._imports.modules:
            return None
        return ".".join([self._imports.modules[node.id], *reversed(parts)])

    def _bind(self, path: str, node: ast.expr) -> ast.Name:
        path = STAND_INS.get(path, path)
        if path == "np.errstate" and not self._in_with:
            self.refuse("statement", "np.errstate may stand in `with np.errstate(divide='ignore', …):` alone", node)
        self.used_paths.add(path)
        return ast.copy_location(ast.Name(path, ast.Load()), node)

    def _refuse_path(self, path: str, node: ast.expr) -> None:
        for prefix in (path, *(path[:at] for at, letter in enumerate(path) if letter == ".")):
            if prefix in PATH_ADVICE:
                self.refuse("path.refused", f"{path} is refused: {PATH_ADVICE[prefix]}", node)
                return
        if path in ("np", "math", "np.linalg"):
            self.refuse("path.module", f"{path} cannot be passed around: write out its functions, as np.exp(x)", node)
            return
        close = self._nearest(path, PATHS)
        hint = f"; near: {close}" if close else ""
        self.refuse("path.unknown", f"{path} is not one of the functions a reward may use{hint}", node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """Resolves imported names, and refuses names that nothing binds."""
        name = node.id
        if not isinstance(node.ctx, ast.Load):
            self._check_bound(name, node)
        elif name in self._imports.paths:
            return self._bind(self._imports.paths[name], node)
        elif name in self._imports.modules:
            self._refuse_path(self._imports.modules[name], node)
        elif name in self._imports.types or name in self._aliases:
            self._refuse_type(node)
        elif name.startswith("__"):
            self.refuse("name.private", f"{name} is refused: names that begin with __ are private", node)
        elif any(name in scope for scope in self._scopes):
            self._read.setdefault(name, node)
        else:
            self._check_builtin(name, node)
        return node

    def _refuse_type(self, node: ast.Name) -> None:
        self.refuse("name.type", f"{node.id} may stand in type hints only", node)

    def _check_bound(self, name: str, node: ast.AST) -> None:
        if name.startswith("__"):
            self.refuse("name.private", f"{name} is refused: names that begin with __ are private", node)
        elif name in self._imported:
            self.refuse("name.taken", f"{name} is imported; choose another name for your own value", node)
        elif is_refused_builtin(name):
            self.refuse("name.taken", f"{name} is a builtin of Python; choose another name for your own value", node)

    def _check_builtin(self, name: str, node: ast.Name) -> None:
        if name in BUILTINS:
            self.used_builtins.add(name)
        elif name in self._variables:
            self.refuse(
                "name.not_requested", f"{name} is not defined: add it to the parameters of compute_reward", node
            )
        elif name in NAME_ADVICE:
            self.refuse("name.refused", f"{name} is not there: {NAME_ADVICE[name]}", node)
        elif hasattr(builtins, name):
            self.refuse("name.refused", f"{name} is not there: a reward needs numbers and arrays alone", node)
        else:
            close = self._nearest(name, BUILTINS.union(self._variables, *self._scopes))
            hint = f"; did you mean {close}?" if close else "; define it before use"
            self.refuse("name.unknown", f"{name} is not defined{hint}", node)


def _root(node: ast.expr) -> str | None:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None
