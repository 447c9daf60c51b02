from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from service.training.worker_process import kill_worker, task_name

# What stepped back does little here, since it waits for everybody else on a machine where tests run side by side.
STEPPING_BACK = """
import os, subprocess, threading
from service.training.worker_process import step_back
said = []
def say(process=0):
    said.append(os.sched_getscheduler(process))
def work():
    step_back()
    before.set(); first.join()
    later = threading.Thread(target=say)
    later.start(); later.join()
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as child:
        say(child.pid)
before = threading.Event()
first = threading.Thread(target=lambda: (before.wait(), say()))
first.start()
worker = threading.Thread(target=work)
worker.start(); worker.join()
print(*said)
"""


@contextmanager
def waiting(title: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that only waits, under a title such as Ray gives its workers."""
    pipe = subprocess.PIPE
    with subprocess.Popen([title], executable="/bin/cat", stdin=pipe, stdout=pipe, bufsize=0) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b".")
        assert process.stdout.read(1) == b"."  # it has its title: `Popen` alone is back before it does
        yield process
        process.kill()


def test_a_worker_is_killed_by_the_name_of_its_task_and_no_other_process_is() -> None:
    name, other = task_name(), task_name()
    assert name != other
    with waiting(f"ray::{name}") as working, waiting(f"ray::{other}") as beside, waiting("cat") as stranger:
        kill_worker(name)
        assert working.wait(timeout=10) == -signal.SIGKILL
        assert beside.poll() is None
        assert stranger.poll() is None


def test_what_a_worker_has_begun_is_killed_with_it() -> None:
    # A child that would outlive it, of which no kernel tells it that its parent has died.
    name = task_name()
    command = [f"ray::{name}", "-c", "sleep 60 & echo $!; wait"]
    with subprocess.Popen(command, executable="/bin/sh", stdout=subprocess.PIPE) as working:
        assert working.stdout is not None
        child = os.pidfd_open(int(working.stdout.readline()))
        kill_worker(name)
        assert working.wait(timeout=10) == -signal.SIGKILL
    assert select.select([child], [], [], 10)[0]
    os.close(child)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a process that stepped back its place again")
def test_a_killed_worker_that_had_stepped_back_dies_as_soon_as_others_would() -> None:
    name = task_name()
    with waiting(f"ray::{name}") as working:
        os.sched_setscheduler(working.pid, os.SCHED_IDLE, os.sched_param(0))
        os.setpriority(os.PRIO_PROCESS, working.pid, 15)  # as Ray's are

        kill_worker(name)

        os.waitid(os.P_PID, working.pid, os.WEXITED | os.WNOWAIT)  # dead, and still to be asked
        assert os.sched_getscheduler(working.pid) == os.SCHED_OTHER
        assert os.getpriority(os.PRIO_PROCESS, working.pid) == 0


def test_threads_and_children_that_a_worker_begins_step_back_with_it_and_those_before_do_not() -> None:
    said = subprocess.run([sys.executable, "-c", STEPPING_BACK], capture_output=True, text=True, check=True, timeout=60)
    assert said.stdout.split() == [str(os.SCHED_OTHER), str(os.SCHED_IDLE), str(os.SCHED_IDLE)]
