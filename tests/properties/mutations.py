"""Sane rewards made hostile: pieces of attacks, of one another and of nonsense put where they do not belong."""

from __future__ import annotations

import ast
import copy
import random
import re
import warnings
from typing import Final

from hypothesis import strategies as st

from tests.legitimate.corpus import REWARDS, LegitimateReward

EXPRESSIONS: Final = tuple(
    """
    ().__class__.__bases__[0].__subclasses__() | __import__('os').system('true') | __builtins__ | eval('1') | open('/etc/passwd')
    np.load('x') | np.fromfile('x') | np.ctypeslib | np.core | np | math | np.linalg | np.random.normal() | np.exp.__self__
    np.finfo.__init__ | (lambda: 0).__globals__ | (i for i in [1]).gi_frame | '{0.__class__}'.format(1) | f'{np}' | f'{np.__dict__}'
    getattr(np, 'load') | type(1) | vars() | globals() | b'x' | 1j | (yield) | (yield from []) | [x async for x in y] | await_
    print(1) | input() | breakpoint() | memoryview(x) | classmethod | super() | object | dict.__init__ | str.format | np.exp.at
    x.tofile('y') | x.ctypes | x.data | x.base | x.dump('y') | x.setflags(write=True) | x.view() | np.add.reduce.__call__
    np.apply_along_axis(eval, 0, x) | map(open, ['x']) | max.__self__ | 10**10**8 | (lambda np: np)(1) | (open := 1) | (np := 1)
    [open for open in [1]] | (__a := 1) | lambda open: open(1) | lambda __x: 1 | {**globals()} | [*vars()] | x[np] | x[open]
    np.exp | np.pi | len | max(1, 2) | [i for i in range(3)] | (lambda q: q)(1) | (t := 2) | {}.get('a') | x.T
    np.add.reduce([1, 2]) | np.empty(3) | np.finfo(np.float32).eps | str(1) | 'a'.join([]) | sorted({}, key=len) | f'{1:.3f}'
    f'{1!r:>{3}}' | ... | None
    [[0 for b in range(2)] for a in range(2)] | (lambda *a, k=1, **m: m)(1) | {i: i for i in range(2)} | 2**70
    np.linalg.norm([1.0]) | math.tau | numpy.exp(1) | math.inf.real | True.real | (1).__abs__ | ''.__len__() | len.__name__
    """.strip()
    .replace("\n", " | ")
    .split(" | ")
)
_STATEMENTS: Final = """
async def everything():
    for number in ():
        import os; from os import system; from numpy import load; from numpy import *; import numpy.ctypeslib; from . import x
        import numpy as np; import math as m; from typing import Any; from math import sqrt as f; from math import sqrt as eval
        from typing import get_type_hints as g; g(1); import typing as np; from __future__ import annotations; import sys as _
        raise SystemExit; global q; nonlocal q; del np; del x.y; np.exp = 1; x.shape = 1; x.y += 1; q += np; q = w = np.exp
        return; return 1; return 1, {'a': 1}; pass; break; continue; lambda: 0; X = np.ndarray; X = np.ndarray[print()]
        x: print() = 1; x: int; x: int = 1; x[print()]: int = 1; __x = 1; _x = 1; np = 1; eval = 1; q = [np]; exec = print
        (q, w) = 1, 2; [q, *w] = 1, 2; compute_reward = 1; assert open; kind = int; max = 1; print = 1; open += 1; del len
        class A: pass
        while True: pass
        for np in []: pass
        for open in []: pass
        for i.j in []: pass
        for len in [1]: pass
        with open('x') as f: pass
        with np.errstate(all='call'): pass
        with np.errstate() as e: pass
        async with x: pass
        async def f(): pass
        def open(): pass
        def f(x: print()): pass
        def f(x=open): pass
        def f() -> print(): pass
        def f(): return f
        def len(): return 1
        def g(x=1, *y, z=2, **w): return x, y, z, w
        if open: pass
        try: pass
        except A: pass
        match x:
            case 1: pass
        @len
        def f(): pass
"""
_ATTRIBUTES: Final = (
    "__class__",
    "_x",
    "tofile",
    "T",
    "sum",
    "ctypes",
    "format",
    "items",
    "gi_frame",
    "f_globals",
    "norm",
    "load",
)
_NAMES: Final = (
    "np",
    "math",
    "open",
    "__builtins__",
    "eval",
    "len",
    "sum",
    "compute_reward",
    "numpy",
    "x",
    "_",
    "type",
    "e",
)
_TOKENS: Final = (
    *(
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ":",
        ",",
        ".",
        "=",
        ":=",
        "@",
        "->",
        "*",
        "**",
        "\\",
        "'",
        '"',
        '"""',
        "f'{",
        "}'",
        "#",
    ),
    *(
        "\n",
        "\r",
        "\t",
        "\n    ",
        "\x0c",
        "\x00",
        "\ufeff",
        "\u2028",
        "await",
        "async",
        "yield",
        "lambda",
        "class",
        "global",
    ),
    *(
        "import",
        "from",
        "np",
        "__import__",
        "0x",
        "1_",
        "1j",
        "b'",
        "if",
        "else",
        "for",
        "in",
        "not",
        "…",
        "é",
        "\U0001d427\U0001d429",
        "ﬁ",
        "\ud800",
    ),
)


def _parsed(source: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source)


def _expression(text: str) -> ast.expr:
    # Inside an asynchronous function, where await and yield are expressions like others.
    value: ast.expr = _parsed(f"async def f():\n ({text})").body[0].body[0].value  # type: ignore[attr-defined]
    return value


_HOSTILE_EXPRESSIONS: Final = [_expression(text) for text in EXPRESSIONS]
_HOSTILE_STATEMENTS: Final[list[ast.stmt]] = _parsed(_STATEMENTS).body[0].body[0].body  # type: ignore[attr-defined]


def spliced(source: str, seed: int, times: int) -> str:
    """The text of `source` with `times` of its parts exchanged for hostile ones, or for others of its own."""
    chance = random.Random(seed)
    tree = _parsed(source)
    for _ in range(times):
        nodes = list(ast.walk(tree))
        own = [node for node in nodes if isinstance(node, ast.expr)]
        _change(chance.choice([*own, *(node for node in nodes if isinstance(node, ast.stmt | ast.arg))]), chance, own)
    try:
        return ast.unparse(ast.fix_missing_locations(tree))
    except ValueError:
        # Text inside the braces of an f-string cannot hold every expression.
        return source


def _change(node: ast.AST, chance: random.Random, own: list[ast.expr]) -> None:
    def expression() -> ast.expr:
        # A copy: a part put into itself would never end.
        return copy.deepcopy(chance.choice(own if chance.random() < 0.4 else _HOSTILE_EXPRESSIONS))

    if isinstance(node, ast.Name):
        node.id = chance.choice(_NAMES)
    elif isinstance(node, ast.Attribute):
        node.attr = chance.choice(_ATTRIBUTES)
    elif isinstance(node, ast.arg):
        node.annotation = expression()
    elif isinstance(node, ast.FunctionDef) and chance.random() < 0.3:
        node.returns = expression()
    for name, value in ast.iter_fields(node):
        if isinstance(value, ast.expr) and chance.random() < 0.6:
            setattr(node, name, expression())
        elif isinstance(value, list) and value and isinstance(value[0], ast.stmt):
            value.insert(chance.randrange(len(value) + 1), copy.deepcopy(chance.choice(_HOSTILE_STATEMENTS)))
        elif isinstance(value, list) and value and isinstance(value[0], ast.expr) and chance.random() < 0.4:
            value[chance.randrange(len(value))] = expression()


def shuffled(source: str, seed: int, times: int) -> str:
    """The text of `source` with `times` of its words or signs lost, exchanged, or hostile ones put between them."""
    chance = random.Random(seed)
    pieces = re.findall(r"\w+|\s+|[^\w\s]", source)
    for _ in range(times):
        at = chance.randrange(len(pieces))
        kind = chance.randrange(5)
        if kind == 0:
            pieces[at] = ""
        elif kind == 1:
            pieces.insert(at, chance.choice(_TOKENS))
        elif kind == 2:
            pieces[at] = chance.choice(pieces)
        elif kind == 3:
            pieces[at] = chance.choice(_NAMES)
        else:
            pieces.insert(at, chance.choice(EXPRESSIONS))
    return "".join(pieces)


rewards: Final[st.SearchStrategy[LegitimateReward]] = st.sampled_from(REWARDS)
seeds: Final = st.integers(0, 2**32)
soup: Final = st.lists(
    st.sampled_from((*_TOKENS, *_NAMES, *EXPRESSIONS, " ", "\n    ", "def compute_reward(speed):")), max_size=60
).map(" ".join)
