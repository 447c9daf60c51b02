"""A core of its own for a worker: its threads wake each other there, and no other core is woken for them.

On two cores two populations had 1.03 times the steps of one with both where the kernel moved them, and 1.14 to 1.18 on a core each.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import SystemRandom

from service.training.process_settings import keep_jax_threads
from service.training.worker_process import below

WATCH_SECONDS = 2.0
AWAY_SECONDS = 60.0
"""How long a worker stays away from a core that others crowd, before it tries again."""
CROWDED = 0.5
"""Share of a core that others may have of it before its worker leaves."""
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@contextmanager
def own_core(claimed_by: str = "rewardsmith") -> Iterator[None]:
    """Keeps this process and those below it on a core that no other worker of this machine has, as long as others leave it free.

    Workers see the claims of those that claim by the same name.

    A worker takes only what nothing else wants (`worker_process.step_back`). So one that is kept where something else is busy would
    stand still: it leaves for a minute then, and goes wherever the kernel puts it. Nothing is done where every core is taken, where
    there is but one, or where the kernel does not tell how busy each is.
    """
    allowed = os.sched_getaffinity(0)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as claim:
        core = _claimed(claim, claimed_by, sorted(allowed)) if len(allowed) > 1 else None
        begun = None if core is None else Spent.by_now(core)
        if begun is None:
            yield
            return
        ended = threading.Event()
        watcher = threading.Thread(target=_leave_when_crowded, args=(begun, allowed, ended), daemon=True)
        watcher.start()
        try:
            _keep_on({begun.core})
            keep_jax_threads()
            yield
        finally:
            ended.set()
            watcher.join()
            _keep_on(allowed)


def _claimed(claim: socket.socket, name: str, cores: list[int]) -> int | None:
    """A core that no other process has claimed, if any; a claim is a name in the kernel, which is free again when its process dies.

    Containers have names of their own and may claim the same core. So cores are tried in any order.
    """
    SystemRandom().shuffle(cores)
    for core in cores:
        try:
            claim.bind(f"\0{name}-core-{core}")
        except OSError:  # another's
            continue
        return core
    return None


def _keep_on(cores: set[int]) -> None:
    """Lets every thread of this process and of those below it run on these cores alone, and what they begin."""
    for process in _family():
        with suppress(OSError):  # ended meanwhile
            for thread in (process / "task").iterdir():
                with suppress(OSError):
                    os.sched_setaffinity(int(thread.name), cores)


def _family() -> list[Path]:
    own = Path("/proc/self")
    return [own, *below(own)]


@dataclass(frozen=True)
class Spent:
    """Seconds from some time in the past: of the clock, those that `core` was busy, those of this process and those below it."""

    core: int
    clock: float
    busy: float
    own: float

    @classmethod
    def by_now(cls, core: int) -> Spent | None:
        """None where the kernel does not tell of single cores."""
        try:
            lines = Path("/proc/stat").read_text().splitlines()
        except OSError:
            return None
        for line in lines:
            name, *ticks = line.split()
            if name == f"cpu{core}":
                user, nice, system, _idle, _waiting, interrupts, soft = map(int, ticks[:7])
                busy = (user + nice + system + interrupts + soft) / TICKS_PER_SECOND
                return cls(core, time.monotonic(), busy, sum(map(_seconds, _family())))
        return None

    def crowded(self, before: Spent) -> bool:
        """Whether others have had more than `CROWDED` of the core since."""
        others = (self.busy - before.busy) - (self.own - before.own)
        return others > CROWDED * (self.clock - before.clock)


def _seconds(process: Path) -> float:
    """Seconds of processor time that a process and its children that have ended have had."""
    with suppress(OSError):  # ended meanwhile
        ticks = (process / "stat").read_text().rpartition(")")[2].split()[11:15]
        return sum(map(int, ticks)) / TICKS_PER_SECOND
    return 0.0


def _leave_when_crowded(before: Spent, allowed: set[int], ended: threading.Event) -> None:
    """Lets this process have all cores for a while once others have crowded its own for `WATCH_SECONDS`."""
    core = before.core
    while not ended.wait(WATCH_SECONDS):
        after = Spent.by_now(core)
        if after is not None and after.crowded(before):
            _keep_on(allowed)
            if ended.wait(AWAY_SECONDS):
                return
            _keep_on({core})
            after = Spent.by_now(core)
        before = after or before
