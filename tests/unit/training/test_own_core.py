"""A core of its own for a worker, seen from other processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from service.training.own_core import Spent

pytestmark = pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="on one core there is nothing to choose")

# Says where its threads, one made before and one within, and its child are allowed to run.
WORKER = """
import os, subprocess, sys, threading
from service.training.own_core import own_core
leave = threading.Event()
def thread():
    one = threading.Thread(target=leave.wait); one.start()
    return one.native_id
child = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
def say(*tasks):
    print(*(",".join(map(str, sorted(os.sched_getaffinity(task)))) for task in tasks), flush=True)
tasks = [0, thread(), child.pid]
with own_core(sys.argv[1]):
    tasks.append(thread())
    say(*tasks)
    for line in sys.stdin:
        if line == "leave\\n":
            break
        say(0)
say(*tasks)
leave.set(); child.communicate()
"""
ALL = ",".join(map(str, sorted(os.sched_getaffinity(0))))


class Worker:
    """A process that asks for a core; `told` is what it said of where each of its tasks may run."""

    def __init__(self) -> None:
        # Trainings that other tests have under way claim cores as well, by the name that is no test's.
        name = f"test-{os.getpid()}"
        self.process = subprocess.Popen(
            [sys.executable, "-c", WORKER, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.told = self.line().split()

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def say(self, word: str) -> str:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()
        return self.line()


@contextmanager
def worker() -> Iterator[Worker]:
    one = Worker()
    yield one
    one.process.kill()
    one.process.communicate()


def test_all_of_a_worker_runs_on_a_core_that_no_other_worker_has_and_anywhere_afterwards() -> None:
    with worker() as one, worker() as other:
        (core,) = set(one.told)
        (another,) = set(other.told)
        assert len(one.told) == 4
        assert {core, another} <= set(ALL.split(","))
        assert core != another
        assert one.say("leave").split() == [ALL] * 4


def test_where_every_core_is_taken_a_worker_runs_anywhere_until_one_has_died() -> None:
    taken = [Worker() for _ in ALL.split(",")]
    with worker() as late:
        assert set(late.told) == {ALL}
    taken[0].process.kill()
    taken[0].process.communicate()
    with worker() as next_one:
        assert next_one.told == taken[0].told
    for one in taken[1:]:
        one.process.kill()
        one.process.communicate()


def test_a_worker_leaves_a_core_that_another_process_is_busy_on() -> None:
    with worker() as one:
        core = int(one.told[0])
        busy = subprocess.Popen(
            [sys.executable, "-c", f"import os\nos.sched_setaffinity(0, [{core}])\nwhile True: pass"]
        )
        deadline = time.monotonic() + 60
        while one.say("where") != ALL:
            assert time.monotonic() < deadline
        busy.kill()
        busy.wait()


@pytest.mark.parametrize(("own", "crowded"), [(1.1, False), (1.0, False), (0.9, True)])
def test_a_core_is_crowded_when_others_have_more_than_half_of_it(own: float, crowded: bool) -> None:
    # Busy for 2 of 2 seconds: what is not the worker's own is the others'.
    before = Spent(core=0, clock=10.0, busy=100.0, own=50.0)
    after = Spent(core=0, clock=12.0, busy=102.0, own=50.0 + own)
    assert after.crowded(before) is crowded


def test_what_the_processes_below_have_spent_is_a_workers_own_after_their_end_too() -> None:
    core = min(os.sched_getaffinity(0))
    before = Spent.by_now(core)
    subprocess.run([sys.executable, "-c", "import time\nwhile time.process_time() < 1: pass"], check=True)
    after = Spent.by_now(core)
    assert before is not None
    assert after is not None
    assert after.own - before.own > 0.9


def test_a_core_that_the_kernel_does_not_tell_of_is_not_watched() -> None:
    assert Spent.by_now(100_000) is None
