from __future__ import annotations

import signal
import subprocess

from service.training.worker_process import kill_worker, task_name


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
