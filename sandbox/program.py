"""What the parent hands to a child: the checked tree, what it may be bound to, and where its inputs lie."""

from __future__ import annotations

import ast
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sandbox.channel import Layout
from sandbox.policy import EPISODE_NAMES, CheckedReward


@dataclass(frozen=True)
class Program:
    """A checked reward, ready to be compiled in its own process."""

    tree: ast.Module
    entry: str
    kind: Literal["reward", "metric"]
    parameters: tuple[str, ...]
    paths: tuple[str, ...]
    builtins: tuple[str, ...]
    layout: Layout


def prepare(checked: CheckedReward, sizes: Mapping[str, int], rows: int) -> tuple[Program, bytes]:
    """The program of a reward for calls of at most `rows` rows, and its pickled form.

    `sizes`: parameter -> size as in `check_reward`. Raises KeyError where a parameter has no size.
    """
    scalars = EPISODE_NAMES if checked.kind == "metric" else ()
    inputs = tuple(name for name in checked.parameters if name not in scalars)

    def build(program_bytes: int) -> tuple[Program, bytes]:
        layout = Layout.plan(inputs, sizes, rows, program_bytes)
        program = Program(
            checked.tree, checked.entry, checked.kind, checked.parameters, checked.paths, checked.builtins, layout
        )
        return program, pickle.dumps(program, protocol=5)

    # The layout is part of the program that it leaves room for: the second, with larger numbers, may be a little longer.
    return build(len(build(0)[1]) + 64 * (1 + len(inputs)))
