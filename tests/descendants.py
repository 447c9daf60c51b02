"""The processes below one of ours, by name: any of them may end while it is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import psutil


def below(name: str, parent: int | None = None) -> list[psutil.Process]:
    """The processes whose name begins so, below the process with the id `parent`, this one where none is given."""
    return list(_named(psutil.Process(parent).children(recursive=True), name))


def below_each(processes: list[psutil.Process]) -> list[psutil.Process]:
    """The processes below any of those given; one that has ended has none."""
    found: list[psutil.Process] = []
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            found += process.children(recursive=True)
    return found


def kill(processes: list[psutil.Process]) -> int:
    """SIGKILL for each that is still there; how many were."""
    killed = 0
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()
            killed += 1
    return killed


def _named(processes: list[psutil.Process], name: str) -> Iterator[psutil.Process]:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            if process.name().startswith(name):
                yield process
