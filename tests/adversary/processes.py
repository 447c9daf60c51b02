"""Processes as the stage sees them: callers it forked, whatever is below it, and how much memory one has taken."""

from __future__ import annotations

import contextlib
import os
import resource
import select
import signal
import time
from pathlib import Path
from typing import Final

from tests.adversary.limits import MEMORY_MIB, MIB
from tests.adversary.state import memory_peaks

_MAPPED_MIB: Final = 16
"""What a process of a reward maps beside its own memory, generously."""
_LOOKS: Final = 4
_BETWEEN_SECONDS: Final = 0.005


class Process:
    """A forked caller, as seen from the stage: lines come from it, and it can be killed."""

    def __init__(self, pid: int, lines: int) -> None:
        self.pid = pid
        self._lines = lines
        self._read = b""

    def line(self, deadline: float) -> str | None:
        """Its next line; None where it has not come yet. Raises EOFError where it will never come."""
        while b"\n" not in self._read:
            if not select.select([self._lines], [], [], max(0.0, deadline - time.monotonic()))[0]:
                return None
            part = os.read(self._lines, 1 << 16)
            if not part:
                raise EOFError
            self._read += part
        line, _, self._read = self._read.partition(b"\n")
        return line.decode()

    def end(self) -> str:
        """Kills and reaps it; says how it had ended."""
        status = 0
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            _, status = os.waitpid(self.pid, 0)
        os.close(self._lines)
        code = os.waitstatus_to_exitcode(status)
        return f"killed by signal {-code}" if code < 0 else f"exit status {code}"


def descendants(pid: int) -> set[int]:
    """The processes below one, dead ones that nobody has waited for included."""
    found: set[int] = set()
    waiting = [pid]
    while waiting:
        parent = waiting.pop()
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{parent}/task").iterdir():
                with contextlib.suppress(OSError):
                    children = [int(child) for child in (task / "children").read_text().split()]
                    waiting += [child for child in children if child not in found]
                    found.update(children)
    return found


def name_of(pid: int) -> str:
    """What a process is called, while it is there."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return "gone"


def address_space() -> int:
    """The address space of this process, in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def took_too_much(pid: int, born_with: int) -> bool:
    """Whether a process has ever had more address space than a reward may add to what it is born with, in bytes.

    While Linux moves a mapping it counts it at both places, beyond any limit: a peak that falls again was none.
    """
    for _ in range(_LOOKS):
        with contextlib.suppress(OSError):
            if memory_peaks(pid)[0] - born_with > (MEMORY_MIB + _MAPPED_MIB) * MIB:
                time.sleep(_BETWEEN_SECONDS)
                continue
        return False
    return True
