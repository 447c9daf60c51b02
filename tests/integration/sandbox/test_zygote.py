"""The zygote: one per process, shared by threads, started again when lost, and nothing left behind."""

import gc
import os
import select
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from sandbox import Limits, SandboxedReward, SandboxFault, Zygote, check_reward, zygote
from sandbox.child import Child

CHECKED = check_reward("def compute_reward(x):\n    return x, {'x': x}", {"x": 0})
INPUTS = {"x": np.arange(8, dtype=np.float32)}


def reward(from_: Zygote | None = None) -> SandboxedReward:
    return SandboxedReward(CHECKED, {"x": 0}, 8, zygote=from_)


def children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def descriptors(pid: int | str = "self") -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def wait_for(child: Child | None) -> None:
    """Waits until the process of a child has ended; fails where it does not."""
    assert child is not None
    ended = select.poll()
    ended.register(child._pidfd, select.POLLIN)
    assert ended.poll(10_000)


def test_two_hundred_rewards_leave_no_process_and_no_descriptor() -> None:
    with Zygote() as own:
        with reward(own) as first:
            first(INPUTS)
        pid = own.pid
        assert pid is not None
        gc.collect()
        before = (descriptors(), descriptors(pid))
        for _ in range(200):
            with reward(own) as one:
                one(INPUTS)

        assert children(pid) == []
        assert descriptors() == before[0]
        # The zygote closes the two of a child just after we hear of its end.
        assert abs(descriptors(pid) - before[1]) <= 2


def test_rewards_make_way_for_what_answers_people() -> None:
    with Zygote() as own, reward(own) as one:
        one(INPUTS)
        assert own.pid is not None
        (child,) = children(own.pid)
        assert [os.getpriority(os.PRIO_PROCESS, pid) for pid in (own.pid, int(child))] == [15, 15]
        # Linux weighs sessions against each other, and niceness only within one.
        assert os.getsid(int(child)) == os.getsid(0)
        assert os.getpgid(int(child)) != os.getpgid(0)


def test_many_rewards_are_open_side_by_side() -> None:
    rewards = [reward().open() for _ in range(24)]
    try:
        assert all(np.array_equal(one(INPUTS).total, INPUTS["x"]) for one in rewards)
    finally:
        for one in rewards:
            one.close()


def test_a_lost_zygote_is_a_fault_of_the_sandbox_and_is_replaced() -> None:
    with Zygote() as own:
        with reward(own) as one:
            one(INPUTS)
            assert own.pid is not None
            os.kill(own.pid, signal.SIGKILL)
            wait_for(one._child)
            with pytest.raises(SandboxFault, match="zygote is lost"):
                one(INPUTS)
        with reward(own) as another:
            assert np.array_equal(another(INPUTS).total, INPUTS["x"])


def test_threads_share_one_zygote() -> None:
    results: list[bool] = []

    def work() -> None:
        for _ in range(5):
            with reward() as one:
                results.append(np.array_equal(one(INPUTS).total, INPUTS["x"]))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert results == [True] * 20


def test_a_reward_outlives_the_thread_that_opened_it() -> None:
    opened: list[SandboxedReward] = []
    with Zygote() as own:
        thread = threading.Thread(target=lambda: opened.append(reward(own).open()))
        thread.start()
        thread.join()

        with opened[0] as one:
            assert np.array_equal(one(INPUTS).total, INPUTS["x"])


def test_closing_the_zygote_ends_its_children() -> None:
    own = Zygote()
    one = reward(own).open()
    child = one._child
    assert child is not None
    own.close()

    wait_for(child)
    one.close()


PARENT = """
import sys
import numpy as np
from sandbox import SandboxedReward, Limits, check_reward
checked = check_reward("def compute_reward(x):\\n    y = 10**10**8\\n    return x, {'x': x}", {"x": 0})
reward = SandboxedReward(checked, {"x": 0}, 8, Limits(call_seconds=100.0)).open()
info = open(f"/proc/self/fdinfo/{reward._child._pidfd}").read()
print(next(line.split()[1] for line in info.splitlines() if line.startswith("Pid:")), flush=True)
reward({"x": np.zeros(8, np.float32)})
"""


def test_children_die_with_a_parent_that_is_killed() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, cwd=Path(__file__).parents[3])
    assert parent.stdout is not None
    child = os.pidfd_open(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    parent.stdout.close()

    ended = select.poll()
    ended.register(child, select.POLLIN)
    assert ended.poll(10_000)
    os.close(child)


FORKED = """
import os
import numpy as np
from sandbox import SandboxedReward, check_reward
checked = check_reward("def compute_reward(x):\\n    return x, {'x': x}", {"x": 0})
inputs = {"x": np.zeros(8, np.float32)}
with SandboxedReward(checked, {"x": 0}, 8) as reward:
    reward(inputs)
copy = os.fork()
with SandboxedReward(checked, {"x": 0}, 8) as reward:
    reward(inputs)
if copy:
    assert os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1]) == 0
    with SandboxedReward(checked, {"x": 0}, 8) as reward:
        reward(inputs)
"""


def test_a_forked_copy_of_the_owner_has_a_zygote_of_its_own() -> None:
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-c", FORKED],
        cwd=Path(__file__).parents[3],
        timeout=60,
        check=False,
        capture_output=True,
    )

    assert (finished.returncode, finished.stderr) == (0, b"")


def test_the_process_has_one_default_zygote() -> None:
    assert zygote() is zygote()
    assert zygote().start().seccomp


def test_a_batch_larger_than_the_limit_is_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match=r"1 to 100 \(Limits.max_transitions\)"):
        SandboxedReward(CHECKED, {"x": 0}, 101, Limits(max_transitions=100))
