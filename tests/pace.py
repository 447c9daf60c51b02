"""How long work takes, in sums of squares: whatever shares a core slows both, and no second of one machine is another's."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: What a sum of a million squares takes at the least on any core of today: below it nothing needs to be compared.
LEAST_SECONDS = 0.02


def seconds_of(work: Callable[[], object]) -> float:
    """The seconds of processor time that `work` takes of this thread."""
    begun = time.thread_time()
    work()
    return time.thread_time() - begun


def a_million_squares() -> int:
    """The sum of a million squares: 75 ms on a core that has nothing else to do, on the machine where bars were measured."""
    return sum(number * number for number in range(1_000_000))


@contextmanager
def within_sums(bar: float) -> Iterator[None]:
    """Fails where its block takes this thread longer than `bar` sums of a million squares.

    Python's search for garbage waits: it goes through all that the tests of a process keep, 7 such sums once they are collected.
    """
    gc.disable()
    begun = time.thread_time()
    try:
        yield
    finally:
        taken = time.thread_time() - begun
        gc.enable()
        if taken >= bar * LEAST_SECONDS:
            sums = taken / seconds_of(a_million_squares)
            assert sums < bar, f"took {sums:.1f} sums of a million squares, {taken:.2f} s; at most {bar} are allowed"
