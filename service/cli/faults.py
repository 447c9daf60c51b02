"""What a command can end with.

CommandFault
├── BadInput          what was asked for cannot be done: nothing was changed
├── RunFailed         a run failed or was cancelled, a reward was rejected
├── Infrastructure    disk, database, Ray, sandbox or model: the same command works once it is mended
└── Interrupted       Ctrl-C: what was begun can be taken up again
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What the shell sees."""

    OK = 0
    FAILED = 1
    BAD_INPUT = 2
    INFRASTRUCTURE = 3
    INTERRUPTED = 130


class CommandFault(Exception):
    """Why a command stopped, in one line for people."""

    code = ExitCode.INFRASTRUCTURE


class BadInput(CommandFault):
    """What was asked for cannot be done."""

    code = ExitCode.BAD_INPUT


class RunFailed(CommandFault):
    """A run failed or was cancelled, or a reward was rejected."""

    code = ExitCode.FAILED


class Infrastructure(CommandFault):
    """Something that the command needs does not work."""

    code = ExitCode.INFRASTRUCTURE


class Interrupted(CommandFault):
    """The user stopped the command."""

    code = ExitCode.INTERRUPTED
