"""Text to syntax tree, with bounds on what the parser and everything after it must bear."""

from __future__ import annotations

import ast
import re
import unicodedata
import warnings
from collections.abc import Sequence
from typing import Final, Literal

from sandbox.errors import Fault, RewardRejected
from sandbox.syntax import children

MAX_SOURCE_CHARACTERS: Final = 20_000
MAX_NODES: Final = 12_000
MAX_DEPTH: Final = 120
MAX_MARKS: Final = 30
"""Combining marks in a row, as many as in the Stream-Safe Text Format of UAX #15: Python sorts them, in quadratic time."""


def parse_module(source: str) -> ast.Module:
    """Parses a source; never compiles it. Raises RewardRejected where it is too long, too deep or no Python."""
    tree = _parse(source, "exec")
    assert isinstance(tree, ast.Module)
    return tree


def parse_expression(source: str) -> ast.expr:
    """Parses one expression without space around it; never compiles it. Raises RewardRejected as `parse_module` does."""
    tree = _parse(source, "eval")
    assert isinstance(tree, ast.Expression)
    return tree.body


def _parse(source: str, mode: Literal["exec", "eval"]) -> ast.AST:
    if len(source) > MAX_SOURCE_CHARACTERS:
        message = f"the source has {len(source)} characters, at most {MAX_SOURCE_CHARACTERS} are read; shorten it"
        raise _refused("size", message)
    if not source.isascii() and _most_marks(source) > MAX_MARKS:
        raise _refused("syntax", f"more than {MAX_MARKS} combining marks follow each other; write plain letters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source, mode=mode)
    except SyntaxError as error:
        message = f"this is no Python: {error.msg}; send the code alone, without prose around it"
        lines = lines_of(source)
        line = min(max(error.lineno or 1, 1), len(lines))
        column = min(max(error.offset or 1, 1), len(lines[line - 1]) + 1)
        raise _refused("syntax", message, line, column) from None
    except (RecursionError, MemoryError, SystemError):
        raise _too_deep() from None
    except ValueError as error:
        raise _refused("syntax", f"this is no Python: {error}; send plain text") from None
    _check_size(tree)
    return tree


def _most_marks(source: str) -> int:
    """How many characters follow each other, at most, that combine with the one before, whole or in parts."""
    run = most = 0
    for character in source:
        run = run + 1 if unicodedata.combining(unicodedata.normalize("NFKD", character)[0]) else 0
        most = max(most, run)
    return most


def uncompilable(tree: ast.Module | ast.Expression, constants: Sequence[ast.Constant]) -> Fault | None:
    """What Python's compiler alone objects to, such as a repeated keyword; the code that it makes is thrown away.

    `constants` are those of the tree. The compiler never sees their values: it would carry sums of texts out, in this process.
    """
    values = [constant.value for constant in constants]
    for constant in constants:
        constant.value = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(tree, "<reward>", "exec" if isinstance(tree, ast.Module) else "eval", dont_inherit=True)
    except SyntaxError as error:
        return Fault("syntax", f"this is no Python: {error.msg}; mend that line", error.lineno, error.offset)
    except (RecursionError, MemoryError, SystemError, OverflowError, ValueError):
        return _too_deep().faults[0]
    finally:
        for constant, value in zip(constants, values, strict=True):
            constant.value = value
    return None


def lines_of(source: str) -> list[str]:
    """The lines of a source as the parser counts them, which are fewer than those of `str.splitlines`."""
    return re.split(r"\r\n|\r|\n", source)


def _refused(code: str, message: str, line: int | None = None, column: int | None = None) -> RewardRejected:
    return RewardRejected((Fault(code, message, line, column),))


def _too_deep(line: int | None = None) -> RewardRejected:
    message = f"expressions nest deeper than {MAX_DEPTH} levels; give the inner parts names"
    return _refused("depth", message, line, None if line is None else 1)


def _check_size(tree: ast.AST) -> None:
    level: list[ast.AST] = [tree]
    nodes = depth = 0
    while level:
        nodes += len(level)
        depth += 1
        if nodes > MAX_NODES:
            raise _refused("size", f"the source has more than {MAX_NODES} parts; shorten it")
        if depth > MAX_DEPTH:
            raise _too_deep(getattr(level[0], "lineno", None))
        level = [inner for node in level for inner in children(node)]
