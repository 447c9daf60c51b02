"""The process layer alone: what the attacks of `tests/adversary` do not show, since it has no effect that anyone could see."""

from pathlib import Path

import numpy as np
import pytest

from sandbox import Limits, RewardKilled, RewardRaised, SandboxedReward
from tests.adversary.unchecked import unchecked

INPUTS = {"x": np.arange(8, dtype=np.float32)}
GOOD = "return x, {'x': x}"


def hostile(*lines: str) -> SandboxedReward:
    """A reward that the syntax layer never saw, with all of Python's builtins."""
    inner = "".join(f"    {line}\n" for line in (*lines, GOOD))
    source = f"def compute_reward(x):\n{inner}"
    return SandboxedReward(unchecked(source), {"x": 0}, 8, Limits(call_seconds=2.0, memory_mib=256))


def test_without_an_attack_such_code_runs() -> None:
    with hostile("import os, sys, ctypes, numpy as np", "assert np.sum(x) == 28.0") as reward:
        assert np.array_equal(reward(INPUTS).total, INPUTS["x"])


REFUSED = {
    "listing a folder": "import os; os.listdir('/')",
    "loading a library": "import ctypes; ctypes.CDLL('/tmp/none.so')",
    "loading a module": "import sqlite3",
    "asking who it is": "import os; os.getpid()",
    "asking who is beside it": "import os; os.kill(1, 0)",
    "a pipe": "import os; os.pipe()",
    "a memory file": "import os; os.memfd_create('x')",
    "a thread": "import _thread; _thread.start_new_thread(print, ())",
    "raising its limits": "import resource; resource.setrlimit(resource.RLIMIT_AS, (-1, -1))",
    "becoming root": "import os; os.setuid(0)",
    "reading another descriptor": "import os; os.read(3, 1)",
    "reading its answer": "import os; os.read(1, 1)",
    "writing to its doorbell": "import os; os.write(0, b'x')",
    "writing to the error stream": "import os; os.write(2, b'x')",
    "duplicating a descriptor": "import os; os.dup(1)",
    "sharing memory with others": "import mmap; mmap.mmap(-1, 4096)",
    "a new namespace": "import ctypes; ctypes.CDLL(None).unshare(0x10000000)",
    "another process's memory": "import ctypes; ctypes.CDLL(None).process_vm_readv(1, 0, 0, 0, 0, 0)",
    "faults of pages": "import ctypes; ctypes.CDLL(None).syscall(323 if amd else 282, 0)",
    "a keyring": "import ctypes; ctypes.CDLL(None).syscall(250 if amd else 219, 0, 0)",
    "io_uring": "import ctypes; ctypes.CDLL(None).syscall(425, 1, 0)",
    "clone3": "import ctypes; ctypes.CDLL(None).syscall(435, 0, 0)",
    "a program for the kernel": "import ctypes; ctypes.CDLL(None).syscall(321 if amd else 280, 0, 0, 0)",
    "counting events": "import ctypes; ctypes.CDLL(None).syscall(298 if amd else 241, 0, 0, 0, 0, 0)",
    "a filter of its own": "import ctypes; ctypes.CDLL(None).syscall(317 if amd else 277, 0, 0, 0)",
}


@pytest.mark.parametrize("attack", REFUSED.values(), ids=REFUSED.keys())
def test_no_system_call_beyond_computing_is_served(attack: str) -> None:
    architecture = "import sys; amd = 'x86_64' in sys.implementation._multiarch"
    with hostile(architecture, attack) as reward, pytest.raises(RewardKilled, match="asked the kernel"):
        reward(INPUTS)


def test_the_environment_of_the_parent_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_API_KEY", "sk-very-secret")
    with hostile("import os; raise ValueError(sorted(os.environ))") as reward, pytest.raises(RewardRaised) as caught:
        reward(INPUTS)

    assert "OPENBLAS_NUM_THREADS" in str(caught.value)
    assert "SECRET" not in str(caught.value)


ENDS = {
    "of itself": ("import os; os._exit(3)", r"ended by itself \(exit status 3\)"),
    "in a crash": ("import ctypes; ctypes.string_at(0)", "SIGSEGV"),
    "for a broken answer": ("import os; os.write(1, b'hello')", "broke off an answer|belongs to no call"),
}


@pytest.mark.parametrize(("attack", "message"), ENDS.values(), ids=ENDS.keys())
def test_a_process_that_ended_is_one_fault_of_the_code_however_often_it_is_called(attack: str, message: str) -> None:
    with hostile(attack) as reward:
        for _ in range(2):
            with pytest.raises(RewardKilled, match=message):
                reward(INPUTS)


def test_the_child_holds_nothing_but_its_own_user() -> None:
    with hostile("pass") as reward:
        reward(INPUTS)
        child = reward._child
        assert child is not None
        info = Path(f"/proc/self/fdinfo/{child._pidfd}").read_text()
        pid = int(next(line.split()[1] for line in info.splitlines() if line.startswith("Pid:")))
        lines = [line.partition(":") for line in Path(f"/proc/{pid}/status").read_text().splitlines()]
        status = {name: value.split() for name, _, value in lines}

    assert status["Seccomp"] == ["2"]
    assert status["NoNewPrivs"] == ["1"]
    assert int(status["CapEff"][0], 16) == int(status["CapPrm"][0], 16) == 0
    assert "0" not in status["Uid"]
