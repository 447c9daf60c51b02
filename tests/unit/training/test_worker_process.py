from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from service.training.worker_process import kill_worker, task_name

STEPPING_BACK = """
import os, subprocess, sys, threading
from service.training.worker_process import step_back
said = []
before = threading.Event()
first = threading.Thread(target=lambda: (before.wait(), said.append(os.sched_getscheduler(0))))
first.start()
step_back()
before.set(); first.join()
later = threading.Thread(target=lambda: said.append(os.sched_getscheduler(0)))
later.start(); later.join()
ask = "import os; print(os.sched_getscheduler(0), end='')"
child = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True).stdout
print(*said, child)
"""


def sleeper(title: str) -> subprocess.Popen[bytes]:
    """A process that only waits, under a title such as Ray gives its workers."""
    return subprocess.Popen([title, "600"], executable="/bin/sleep")


def test_a_worker_is_killed_by_the_name_of_its_task_and_no_other_process_is() -> None:
    name, other = task_name(), task_name()
    assert name != other
    working, beside, stranger = sleeper(f"ray::{name}"), sleeper(f"ray::{other}"), sleeper("sleep")
    try:
        kill_worker(name)
        assert working.wait(timeout=10) == -signal.SIGKILL
        assert beside.poll() is None
        assert stranger.poll() is None
    finally:
        for process in (beside, stranger):
            process.kill()
            process.wait()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a process that stepped back its place again")
def test_a_killed_worker_that_had_stepped_back_dies_as_soon_as_others_would() -> None:
    name = task_name()
    working = sleeper(f"ray::{name}")
    os.sched_setscheduler(working.pid, os.SCHED_IDLE, os.sched_param(0))
    os.setpriority(os.PRIO_PROCESS, working.pid, 15)  # as Ray's are

    kill_worker(name)

    os.waitid(os.P_PID, working.pid, os.WEXITED | os.WNOWAIT)  # dead, and still to be asked
    assert os.sched_getscheduler(working.pid) == os.SCHED_OTHER
    assert os.getpriority(os.PRIO_PROCESS, working.pid) == 0
    working.wait()


def test_threads_and_children_that_a_worker_begins_step_back_with_it_and_those_before_do_not() -> None:
    said = subprocess.run([sys.executable, "-c", STEPPING_BACK], capture_output=True, text=True, check=True, timeout=60)
    assert said.stdout.split() == [str(os.SCHED_OTHER), str(os.SCHED_IDLE), str(os.SCHED_IDLE)]
