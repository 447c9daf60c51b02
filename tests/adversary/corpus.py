"""Every attack, of every family."""

from __future__ import annotations

from typing import Final

from tests.adversary.attack import Attack
from tests.adversary.families import (
    builtin_functions,
    cpu,
    formatting,
    frames,
    imports,
    memory,
    numpy_ways,
    parser,
    protocol,
    system_calls,
    walks,
)

CORPUS: Final[tuple[Attack, ...]] = (
    *walks.ATTACKS,
    *frames.ATTACKS,
    *formatting.ATTACKS,
    *numpy_ways.ATTACKS,
    *builtin_functions.ATTACKS,
    *imports.ATTACKS,
    *parser.ATTACKS,
    *cpu.ATTACKS,
    *memory.ATTACKS,
    *protocol.ATTACKS,
    *system_calls.ATTACKS,
)
