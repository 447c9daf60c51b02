"""What can go wrong in the sandbox.

SandboxError
├── SandboxFault          the sandbox itself: no seccomp, zygote lost, no memory file; infrastructure, may be retried
└── RewardFault           the code in it: never retried on the same code
    ├── RewardRejected    refused before it ran: the syntax layer, every refusal of the source at once
    ├── RewardRaised      an exception inside the code
    ├── RewardMisshapen   it ran, but what it returned breaks the contract (shape, dtype, names, NaN)
    ├── RewardTimeout     it did not answer within its deadline
    └── RewardKilled      its process ended: a forbidden system call, memory, a crash, a broken protocol

Every class survives pickling, since these cross process borders.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One refusal of a source: what is wrong, where, and what to write instead.

    `line` and `column` count from 1 and are None where the fault belongs to no place in the source.
    """

    code: str
    message: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        place = "" if self.line is None else f"line {self.line}, column {self.column}: "
        return f"{place}{self.message} [{self.code}]"


class SandboxError(Exception):
    """Anything the sandbox raises."""


class SandboxFault(SandboxError):
    """The sandbox could not do its work; says nothing about the code in it."""


class RewardFault(SandboxError):
    """The code is at fault; running it again gives the same."""


class RewardRejected(RewardFault):
    """The syntax layer refused the source; `faults` holds every refusal."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__(faults)
        self.faults = faults

    def __str__(self) -> str:
        return "\n".join(str(fault) for fault in self.faults)


class RewardRaised(RewardFault):
    """The code raised: `kind` is the exception's class name, `detail` its text, `line` the line of the source."""

    def __init__(self, kind: str, detail: str, line: int | None) -> None:
        super().__init__(kind, detail, line)
        self.kind = kind
        self.detail = detail
        self.line = line

    def __str__(self) -> str:
        place = "" if self.line is None else f" in line {self.line}"
        return f"{self.kind}{place}: {self.detail}"


class RewardMisshapen(RewardFault):
    """What the code returned breaks the contract; the message shows expected, actual and the offending row."""


class RewardTimeout(RewardFault):
    """The code did not answer within its deadline and was killed."""


class RewardKilled(RewardFault):
    """The process of the code ended by a signal, for want of memory, or for breaking the protocol."""
