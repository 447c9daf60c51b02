"""A training worker as the kernel sees it: it steps back for everybody else, and is ended without waiting for what it does."""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def task_name() -> str:
    """A name that no other task has; Ray gives it to the process for as long as that works on the task."""
    return f"_train-{secrets.token_hex(8)}"


def step_back() -> None:
    """Gives the cores to whatever else wants one: threads that this one begins from now on, and their children, do too.

    Linux counts a core with nothing but such threads as free for whatever wakes, and one with Ray's workers, of niceness 15, not:
    an API beside a training then waits for cores that it should have (`benchmarks.api`).
    """
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def kill_worker(name: str) -> None:
    """Kills the process of the task `name` if it is on this machine; looks for it by title, since its number may be another's.

    Its sandboxes are killed with it: they would die of its death, but the kernel tells them of that once its memory is given up.
    """
    title = f"ray::{name}".encode()
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            with suppress(OSError):  # ended meanwhile
                if (process / "cmdline").read_bytes().startswith(title):
                    doomed = [process, *below(process)]
                    for one in doomed:
                        with suppress(ProcessLookupError):
                            os.kill(int(one.name), signal.SIGKILL)
                    for one in doomed:
                        with suppress(OSError):
                            _hasten(one)


def below(process: Path) -> Iterator[Path]:
    """The folders in `/proc` of the living children of a process, and theirs."""
    for children in process.glob("task/*/children"):
        found = ""
        with suppress(OSError):  # the thread has ended meanwhile
            found = children.read_text()
        for child in found.split():
            yield Path("/proc", child)
            yield from below(Path("/proc", child))


def _hasten(process: Path) -> None:
    """Lets what dies have cores like others: stepped back, with 600 MB to give up, it takes 8 to 22 s where all cores are wanted.

    Root alone may; for others it dies as it can.
    """
    for thread in (process / "task").iterdir():
        os.sched_setscheduler(int(thread.name), os.SCHED_OTHER, os.sched_param(0))
        os.setpriority(os.PRIO_PROCESS, int(thread.name), 0)
