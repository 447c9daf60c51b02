"""Code past the syntax layer: what the process layer must hold alone."""

from __future__ import annotations

import ast
import builtins
from typing import Final

from sandbox import CheckedReward

# Children of the zygote run without those that the module `site` adds, and without those of MuJoCo, wherever that is loaded.
_ADDED: Final = {"copyright", "credits", "exit", "help", "license", "quit", "_"}
EVERY_BUILTIN: Final = tuple(sorted(name for name in {*dir(builtins)} - _ADDED if not name.startswith("__MUJOCO")))


def unchecked(source: str, parameters: tuple[str, ...] = ("x",)) -> CheckedReward:
    """A source that the syntax layer never saw, with every builtin. Raises what `ast.parse` does."""
    return CheckedReward(source, parameters, ast.parse(source), (), EVERY_BUILTIN)
