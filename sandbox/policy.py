"""What reward code may say: syntax and names, checked outside the sandbox before anything runs.

The product is the checked tree; the text is never compiled. Every refusal of a source is reported at once.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from sandbox.errors import Fault, RewardRejected
from sandbox.grammar import MAX_FAULTS, MAX_SUGGESTIONS, Grammar, nearest
from sandbox.imports import Imports, read_imports
from sandbox.parsing import lines_of, parse_expression, parse_module, uncompilable
from sandbox.scopes import arguments
from sandbox.syntax import descendants, statements

__all__ = ["CheckedReward", "Fault", "RewardRejected", "check_metric", "check_reward", "check_step_expression"]

MAX_COMPONENTS: Final = 16
MAX_MESSAGE_CHARACTERS: Final = 600
MAX_LISTED: Final = 16
ENTRY: Final = "compute_reward"
METRIC_ENTRY: Final = "compute_metric"
EPISODE_NAMES: Final = ("steps", "max_steps", "dt")
"""What a metric knows beside the variables: the episode's length, its limit (both in steps) and seconds per step."""


@dataclass(frozen=True)
class CheckedReward:
    """A source the syntax layer has passed; what the sandbox compiles.

    `source`: its text, of a metric the score and the success on a line each; `parameters`: the inputs the function asks for, in
    its order; `tree`: the rewritten syntax tree; `paths` and `builtins`: the functions of NumPy and `math`, and the builtins,
    that it uses; nothing else is bound in its process.
    """

    source: str
    parameters: tuple[str, ...]
    tree: ast.Module = field(compare=False, repr=False)
    paths: tuple[str, ...] = ()
    builtins: tuple[str, ...] = ()
    kind: Literal["reward", "metric"] = "reward"

    @property
    def entry(self) -> str:
        """The name of the function that is called."""
        return ENTRY if self.kind == "reward" else METRIC_ENTRY


def check_reward(source: str, known: Mapping[str, int]) -> CheckedReward:
    """Checks the source of a reward function.

    `known`: parameter name -> size n (0: one number per transition, shape (B,); n >= 1: a vector, shape (B, n)).
    Raises RewardRejected with every refusal.
    """
    tree = parse_module(source)
    if tree.body and isinstance(tree.body[0], ast.Expr) and isinstance(tree.body[0].value, ast.Constant):
        tree.body = tree.body[1:]
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == ENTRY]
    if len(functions) != 1:
        grammar = Grammar(read_imports(tree), frozenset(known), ":=" in source)
        grammar.visit(tree)
        raise _rejected([_entry_fault(tree, len(functions)), *grammar.faults], source)
    function = functions[0]
    grammar = Grammar(read_imports(tree), frozenset(known), ":=" in source)
    faults = [*_signature_faults(function, known), *_return_faults(function)]
    parameters = tuple(argument.arg for argument in arguments(function.args))
    grammar.visit(tree)
    return _checked(source, tree, grammar, parameters, faults)


def check_step_expression(expression: str, known: Mapping[str, int]) -> CheckedReward:
    """Checks one expression per step, as a card's `sparse_reward`, and makes it a reward with the component "sparse".

    Raises RewardRejected with every refusal; lines and columns are those of the expression.
    """
    inner_text = expression.strip()
    inner = parse_expression(inner_text)
    names = _used(inner, known)
    grammar = Grammar(Imports(), frozenset(known))
    rewritten = _rewritten(grammar, inner, known)
    if grammar.faults:
        raise _rejected(grammar.faults, inner_text)
    text = f"def {ENTRY}({', '.join(names)}):\n    sparse = 0\n    return sparse, {{'sparse': sparse}}\n"
    tree = ast.parse(text)
    assign = tree.body[0].body[0]  # type: ignore[attr-defined]
    assign.value = rewritten
    return _checked(inner_text, tree, grammar, names, [])


def check_metric(score: str, success: str, known: Mapping[str, int]) -> CheckedReward:
    """Checks the two expressions of a metric over one episode.

    `known` as in `check_reward`, with time first: (L,) or (L, n); `steps`, `max_steps` and `dt` are there already.
    Raises RewardRejected with every refusal of both; each message says which expression it is in.
    """
    names = {**known, **dict.fromkeys(EPISODE_NAMES, 0)}
    answers: list[ast.expr] = []
    faults: list[Fault] = []
    used: dict[str, None] = {}
    grammar = Grammar(Imports(), frozenset(names))
    for what, expression in (("score", score.strip()), ("success", success.strip())):
        grammar.faults = []
        try:
            inner = parse_expression(expression)
            used.update(dict.fromkeys(_used(inner, names)))
            answers.append(_rewritten(grammar, inner, names))
        except RewardRejected as rejected:
            grammar.faults.extend(rejected.faults)
        if grammar.faults:
            found = _rejected(grammar.faults, expression).faults
            faults.extend(
                Fault(f.code, f"in {what}: {f.message}"[:MAX_MESSAGE_CHARACTERS], f.line, f.column) for f in found
            )
    if faults:
        raise RewardRejected(tuple(faults[:MAX_FAULTS]))
    tree = ast.parse(f"def {METRIC_ENTRY}({', '.join(used)}):\n    return 0, 0\n")
    tree.body[0].body[0].value.elts = answers  # type: ignore[attr-defined]
    return _checked(f"{score.strip()}\n{success.strip()}", tree, grammar, tuple(used), [], kind="metric")


def _checked(
    source: str,
    tree: ast.Module,
    grammar: Grammar,
    parameters: tuple[str, ...],
    faults: list[Fault],
    kind: Literal["reward", "metric"] = "reward",
) -> CheckedReward:
    found = sorted({*faults, *grammar.faults}, key=lambda fault: (fault.line or 0, fault.column or 0, fault.code))
    if not found and (fault := uncompilable(tree, grammar.constants)) is not None:
        found = [fault]
    if found:
        raise _rejected(found, source)
    paths, builtins = tuple(sorted(grammar.used_paths)), tuple(sorted(grammar.used_builtins))
    return CheckedReward(source, parameters, tree, paths, builtins, kind)


def _rewritten(grammar: Grammar, inner: ast.expr, names: Mapping[str, int]) -> ast.expr:
    """The rewritten expression, in which `names` are defined; its refusals are in `grammar`."""
    rewritten = grammar.expression(inner, names)
    if not grammar.faults and (fault := uncompilable(ast.Expression(rewritten), grammar.constants)) is not None:
        grammar.faults.append(fault)
    return rewritten


def _rejected(faults: list[Fault], source: str) -> RewardRejected:
    """The first refusals of a source, each cut to a length that can be shown: names in it may be thousands of characters.

    Columns of the syntax tree, which count bytes, become columns of characters.
    """
    lines = lines_of(source)
    return RewardRejected(
        tuple(
            Fault(f.code, f.message[:MAX_MESSAGE_CHARACTERS], f.line, _in_characters(f, lines))
            for f in faults[:MAX_FAULTS]
        )
    )


def _in_characters(fault: Fault, lines: list[str]) -> int | None:
    if fault.line is None or fault.column is None or fault.line > len(lines):
        return fault.column
    return len(lines[fault.line - 1].encode()[: fault.column - 1].decode(errors="ignore")) + 1


def _used(node: ast.expr, known: Mapping[str, int]) -> tuple[str, ...]:
    """The known names that an expression reads, in the order of `known`."""
    read = {inner.id for inner in descendants(node) if isinstance(inner, ast.Name)}
    return tuple(name for name in known if name in read)


def _entry_fault(tree: ast.Module, count: int) -> Fault:
    if count > 1:
        return Fault("function.twice", f"{ENTRY} is defined {count} times; keep one definition")
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    found = f" (found: {', '.join(names)})" if names else ""
    return Fault(
        "function.missing",
        f"there is no function named {ENTRY}{found}; write def {ENTRY}(…): with the variables you need as parameters",
    )


def _signature_faults(function: ast.FunctionDef, known: Mapping[str, int]) -> list[Fault]:
    faults: list[Fault] = []
    signature = function.args
    line, column = function.lineno, function.col_offset + 1
    if signature.vararg or signature.kwarg or signature.kwonlyargs or signature.posonlyargs:
        faults.append(Fault("function.signature", f"{ENTRY} takes plain parameters only: no *, / or **", line, column))
    if signature.defaults or signature.kw_defaults:
        message = f"{ENTRY} takes no default values; write them as constants at module level"
        faults.append(Fault("function.signature", message, line, column))
    unknown = [argument for argument in arguments(signature) if argument.arg not in known]
    for number, argument in enumerate(unknown):
        close = nearest(argument.arg, known) if number < MAX_SUGGESTIONS else ""
        hint = f"the nearest known are: {close}" if close else f"known are: {_listed(known)}"
        message = f"{argument.arg} is not a variable of this environment; {hint}"
        faults.append(Fault("parameter.unknown", message, argument.lineno, argument.col_offset + 1))
    return faults


def _listed(known: Mapping[str, int]) -> str:
    """The first known names; those of values before the step are told of and not listed."""
    now = [name for name in sorted(known) if not name.startswith("prev_")]
    more = f" and {len(now) - MAX_LISTED} more" if len(now) > MAX_LISTED else ""
    before = "; prev_ before a name is its value before the step" if len(now) < len(known) else ""
    return ", ".join(now[:MAX_LISTED]) + more + before


def _return_faults(function: ast.FunctionDef) -> list[Fault]:
    """Returns that cannot be `(total, {name: array})` whatever runs."""
    shape = "return total, {'name': array, …}"
    returns = [node for node in statements(function.body, into_functions=False) if isinstance(node, ast.Return)]
    faults = [] if returns else [Fault("return", f"{ENTRY} returns nothing; end with {shape}", function.lineno, 1)]
    for node in returns:
        problem = _return_problem(node.value)
        if problem:
            faults.append(Fault("return", f"{problem}; write {shape}", node.lineno, node.col_offset + 1))
    return faults


def _return_problem(value: ast.expr | None) -> str | None:
    if value is None:
        return "this return gives no value"
    if isinstance(value, ast.Dict):
        return "only the components are returned, without the total"
    if isinstance(value, ast.BinOp | ast.Constant):
        return "only a total is returned, without the components"
    if not isinstance(value, ast.Tuple):
        return None
    if len(value.elts) != 2:
        return f"{len(value.elts)} values are returned where 2 are expected"
    components = value.elts[1]
    if isinstance(components, ast.Dict) and not 1 <= len(components.keys) <= MAX_COMPONENTS:
        return f"{len(components.keys)} components are returned where 1 to {MAX_COMPONENTS} are expected"
    return None
