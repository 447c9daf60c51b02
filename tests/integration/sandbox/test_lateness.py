"""Who is at fault for an answer that does not come: code that computes or sleeps on, or a machine that gives it no core."""

import ast
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress

import numpy as np
import pytest

from sandbox import CheckedReward, Limits, RewardTimeout, SandboxedReward, SandboxFault, Zygote, check_reward
from sandbox.jail import DOORBELL
from tests import descendants

INPUTS = {"x": np.arange(8, dtype=np.float32)}


@contextmanager
def opened(lines: str, call_seconds: float) -> Iterator[tuple[SandboxedReward, int]]:
    """A reward of `x` and the number of its process."""
    checked = check_reward(f"def compute_reward(x):\n    {lines}\n    return x, {{'x': x}}\n", {"x": 0})
    with (
        Zygote() as own,
        SandboxedReward(checked, {"x": 0}, 8, Limits(call_seconds=call_seconds, patience=30.0), own) as one,
    ):
        one(INPUTS)
        (process,) = descendants.below("", own.pid)
        yield one, process.pid


def test_code_that_gets_no_core_is_waited_for() -> None:
    with opened("y = x", call_seconds=0.3) as (starved, pid), ThreadPoolExecutor() as caller:
        os.kill(pid, signal.SIGSTOP)
        answer = caller.submit(starved, INPUTS)
        assert not wait([answer], timeout=1.0).done
        os.kill(pid, signal.SIGCONT)
        assert np.array_equal(answer.result().total, INPUTS["x"])


def test_a_machine_that_never_gives_it_one_is_at_fault() -> None:
    with opened("y = x", call_seconds=0.02) as (starved, pid):
        os.kill(pid, signal.SIGSTOP)
        # thirty times 0.02 s
        with pytest.raises(
            SandboxFault, match=r"none within 0\.6 s, in which the machine gave the code 0\.00 s of a core"
        ):
            starved(INPUTS)


def test_code_that_computes_on_is_late_though_it_got_half_a_core() -> None:
    code = "y = sum(i for i in range(10 ** (1 if x[0] == 0 else 12)))"
    with opened(code, call_seconds=0.4) as (runaway, pid), ThreadPoolExecutor() as caller:
        answer = caller.submit(runaway, {"x": INPUTS["x"] + 1})
        for what in (signal.SIGSTOP, signal.SIGCONT) * 4:
            wait([answer], timeout=0.1)
            with suppress(ProcessLookupError):
                os.kill(pid, what)
        with pytest.raises(RewardTimeout, match=r"no answer within 0\.4 s"):
            answer.result()


def test_code_that_sleeps_is_late_at_its_deadline() -> None:
    # it reads its doorbell, which is all that it may wait for, and nobody rings again
    source = f"def compute_reward(x):\n    __import__('posix').read({DOORBELL}, 1)\n    return x, {{'x': x}}\n"
    asleep = CheckedReward(source, ("x",), ast.parse(source), (), ("__import__",))
    with (
        Zygote() as own,
        SandboxedReward(asleep, {"x": 0}, 8, Limits(call_seconds=0.2, patience=30.0), own) as one,
        pytest.raises(RewardTimeout, match=r"no answer within 0\.2 s"),
    ):
        one(INPUTS)


def test_without_patience_the_clock_alone_counts() -> None:
    checked = check_reward("def compute_reward(x):\n    return x, {'x': x}\n", {"x": 0})
    with Zygote() as own, SandboxedReward(checked, {"x": 0}, 8, Limits(call_seconds=0.1), own) as one:
        one(INPUTS)
        (process,) = descendants.below("", own.pid)
        process.suspend()
        with pytest.raises(RewardTimeout, match=r"no answer within 0\.1 s"):
            one(INPUTS)
