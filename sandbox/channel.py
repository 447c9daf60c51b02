"""What parent and child agree on: the layout of the shared memory and the frames of the two pipes.

Inputs and outputs are two sealed memory files. The inputs hold the program, then one float32 block per parameter; the
child maps them read-only. The outputs hold a block of text (names of components, or an error), then float32 rows: the
total and up to 16 components. A frame on one pipe is the doorbell of a call, a frame on the other its answer, which holds
the two numbers of a metric. Nothing that comes from the child is ever unpickled.
"""

from __future__ import annotations

import enum
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

MAX_COMPONENTS: Final = 16
MAX_NAME_CHARACTERS: Final = 64
TEXT_BYTES: Final = 8192
ALIGNMENT: Final = 64
PROGRAM_HEADER: Final = struct.Struct("<Q")
"""At offset 0 of the inputs: how many bytes of program follow."""

CALL: Final = struct.Struct("<IIIId")
"""The doorbell: sequence number, rows, steps, max_steps, dt in seconds (the last three for metrics)."""

REPLY: Final = struct.Struct("<IIIIdd")
"""The answer: sequence number, Status, bytes of text, bits of the broadcast results, score, success."""

SPAWN: Final = struct.Struct("<QQQQ")
"""A request to the zygote: the four numbers of a Grant."""

GREETING: Final = struct.Struct("<iI")
"""The zygote's first word: version of Landlock (0: none), whether seccomp can be used."""


class Grant(NamedTuple):
    """What a child is given: its two memory files, the address space it may add to what it is born with, processor time."""

    inputs_bytes: int
    outputs_bytes: int
    memory_bytes: int
    cpu_seconds: int


class Status(enum.IntEnum):
    """What an answer says."""

    CONFINED = 1
    """The process is confined and has seen no code yet."""
    READY = 2
    """The code is compiled and its module level has run."""
    DONE = 3
    RAISED = 4
    MISSHAPEN = 5
    UNCONFINED = 6
    """The process could not be confined; it has seen no code."""


def _aligned(offset: int) -> int:
    return -(-offset // ALIGNMENT) * ALIGNMENT


@dataclass(frozen=True)
class Layout:
    """Where things lie in the two memory files, in bytes.

    `blocks`: per parameter its name, offset and size n (0: a scalar per row). `rows`: the most rows of a call.
    """

    blocks: tuple[tuple[str, int, int], ...]
    rows: int
    inputs_bytes: int
    outputs_bytes: int

    @classmethod
    def plan(cls, parameters: tuple[str, ...], sizes: Mapping[str, int], rows: int, program_bytes: int) -> Layout:
        """Lays out the blocks of `parameters` behind a program of at most `program_bytes`."""
        offset = _aligned(PROGRAM_HEADER.size + program_bytes)
        blocks: list[tuple[str, int, int]] = []
        for name in parameters:
            blocks.append((name, offset, sizes[name]))
            offset = _aligned(offset + 4 * rows * max(1, sizes[name]))
        return cls(tuple(blocks), rows, offset, TEXT_BYTES + 4 * rows * (1 + MAX_COMPONENTS))
