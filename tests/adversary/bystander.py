"""A process that has nothing to do with the attack, and all that others can do to it."""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import signal
from pathlib import Path
from typing import Final

_PR_SET_PTRACER: Final = 0x59616D61
_IOPRIO_GET: Final = {"x86_64": 252, "aarch64": 31}
_ANYONE: Final = ctypes.c_ulong(-1)
_WATCHED: Final = ("TracerPid", "SigPnd", "ShdPnd", "SigBlk", "SigIgn", "SigCgt", "Threads", "Seccomp", "NoNewPrivs")


class Bystander:
    """An idle process of the same user, forked from this one."""

    def __init__(self) -> None:
        ready, say = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            _idle(say)
        os.close(say)
        os.read(ready, 1)
        os.close(ready)

    def describe(self) -> dict[str, str]:
        """State, priority, processors, limits, tracer and signals; of a dead one only that."""
        try:
            # The name in brackets may hold anything; what follows it is numbers.
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
            status = dict(line.split(":\t") for line in Path(f"/proc/{self.pid}/status").read_text().splitlines())
            known = {
                "state": {"R": "S"}.get(fields[0], fields[0]),
                "niceness": fields[16],
                "scheduling": fields[38],
                "processors": str(sorted(os.sched_getaffinity(self.pid))),
                "limits": Path(f"/proc/{self.pid}/limits").read_text(),
                "likelihood to be killed": Path(f"/proc/{self.pid}/oom_score_adj").read_text().strip(),
                "priority at its files": str(ctypes.CDLL(None).syscall(_IOPRIO_GET[platform.machine()], 1, self.pid)),
            }
            return known | {name: status[name].strip() for name in _WATCHED}
        except (OSError, LookupError):
            return {"state": "dead"}

    def end(self) -> None:
        """Kills and reaps it."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)


def _idle(say: int) -> None:
    """Waits for ever, holding nothing; lets any process of its user trace it, where the kernel would ask."""
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PTRACER, _ANYONE, 0, 0, 0)
        os.write(say, b".")
        os.closerange(0, 1024)
        while True:
            signal.pause()
    finally:
        os._exit(1)
