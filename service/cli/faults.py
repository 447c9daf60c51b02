"""What a command can end with.

CommandFault
├── BadInput          what was asked for cannot be done: nothing was changed
├── RunFailed         a run failed or was cancelled, a reward was rejected
├── Infrastructure    disk, database, Ray, sandbox, model or server: the same command works once it is mended
│   └── Unreachable   a server that does not answer now, and may in a while
├── AwaitsWords       a run has done what it was asked for, and goes on when somebody says so
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


class Unreachable(Infrastructure):
    """A server does not answer now, and may in a while."""


class AwaitsWords(CommandFault):
    """A run waits for what people say of it, as it was asked to."""

    code = ExitCode.OK


class Interrupted(CommandFault):
    """The user stopped the command."""

    code = ExitCode.INTERRUPTED
