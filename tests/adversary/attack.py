"""What an attack is: hostile code, the effect it has where nothing holds it, and the layers that must each stop it alone."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from string import Template


class Family(enum.StrEnum):
    """The ways in which reward code can be hostile."""

    WALKS = "object-graph walks"
    FRAMES = "frames and tracebacks"
    FORMATTING = "string formatting"
    NUMPY = "NumPy's ways to files, imports, code and raw memory"
    BUILTINS = "builtins"
    IMPORTS = "imports"
    PARSER = "parser tricks"
    CPU = "processor time"
    MEMORY = "memory"
    PROTOCOL = "protocol tampering"
    SYSTEM_CALLS = "direct system calls"


class Effect(enum.StrEnum):
    """What a witness outside the attacking code can see."""

    LEAK = "a secret of the caller, or of a file, is in what the caller got back"
    FILES = "a file was made, changed, removed, or had its rights changed"
    NETWORK = "a listener heard from it"
    PROCESS = "a process was started, signalled, traced, or had its priority changed"
    KERNEL = "something outlives it in the kernel: System V memory, a message queue, a key"
    CALLER = "the caller died, or its environment, handlers, descriptors, limits, modules or inputs changed"
    TIME = "the caller waited longer than its deadline"
    MEMORY = "more memory was taken than a reward may have"
    BELIEVED = "the caller took a forged answer for a true one"


class Layer(enum.StrEnum):
    """The two that must each hold alone."""

    SYNTAX = "syntax"
    PROCESS = "process"


SYNTAX, PROCESS = Layer.SYNTAX, Layer.PROCESS
BOTH = frozenset({SYNTAX, PROCESS})
PROCESS_ALONE = frozenset({PROCESS})
SYNTAX_ALONE = frozenset({SYNTAX})


@dataclass(frozen=True)
class Attack:
    """One attack.

    `source`: a whole reward of the one input `x` (8,) float32, in which `$NAME` stands for a place of the scene; `effect`:
    what it must show where nothing holds it; `layers`: those that must each stop every effect of it alone.
    """

    name: str
    family: Family
    source: str
    effect: Effect
    layers: frozenset[Layer] = BOTH

    def against(self, places: Mapping[str, str]) -> str:
        """The source, aimed at the places of one scene. Raises KeyError for a place the scene has not."""
        return Template(self.source).substitute(places)


def reward(*lines: str, top: tuple[str, ...] = ()) -> str:
    """A reward that runs `lines` at each call, after the lines of `top` at module level, and then answers as a sane one."""
    inner = "".join(f"    {line}\n" for line in lines)
    return "".join(f"{line}\n" for line in top) + f"def compute_reward(x):\n{inner}    return x, {{'x': x}}\n"
