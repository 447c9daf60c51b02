"""The conformance suite over what backends there are: here, as another user, and on kernels that offer less."""

import json
import os
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pytest
from numpy.typing import NDArray

from sandbox import CheckedReward, Limits, RewardBatch, RewardFault, SandboxedReward
from sandbox.conformance import CHECKS, Backend, Unsound

ROOT = Path(__file__).parents[3]
OWN, NOBODY = os.geteuid(), 65534
USERS = [OWN, NOBODY] if OWN == 0 else [OWN]
LANDLOCK_CREATE_RULESET = 444
SECCOMP = {"x86_64": 317, "aarch64": 277}[os.uname().machine]

# Runs in a process of its own, which may give up its user and some of the kernel before the sandbox starts.
ELSEWHERE = """
import errno, json, logging, os, struct, sys
from sandbox import kernel, self_check
from tests.adversary import another_user
user, *missing = map(int, sys.argv[1:])
if user != os.geteuid():
    another_user.become(user)
if missing:
    # load the number of the call; refuse each that is missing with ENOSYS; allow the others
    refuse = [rule for number in missing for rule in ((0x15, 0, 1, number), (0x06, 0, 0, 0x50000 | errno.ENOSYS))]
    program = [(0x20, 0, 0, 0), *refuse, (0x06, 0, 0, 0x7FFF0000)]
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    kernel.install_filter(b"".join(struct.pack("=HBBI", *rule) for rule in program))
said = []
handler = logging.Handler()
handler.emit = lambda record: said.append(record.getMessage())
logging.getLogger("sandbox").addHandler(handler)
found = self_check()
print(json.dumps({"held": [one.name for one in found.held], "landlock": found.landlock_abi, "said": said}))
"""


def elsewhere(user: int, *missing: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", ELSEWHERE, str(user), *map(str, missing)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=ROOT)


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS.keys())
def test_the_sandbox_conforms(check: Callable[[Backend], None]) -> None:
    check(SandboxedReward)


@pytest.mark.parametrize("user", USERS)
def test_it_conforms_whoever_starts_it(user: int) -> None:
    done = elsewhere(user)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["held"] == list(CHECKS)


@pytest.mark.parametrize("user", USERS)
def test_without_landlock_it_says_so_once_and_conforms(user: int) -> None:
    done = elsewhere(user, LANDLOCK_CREATE_RULESET)

    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["held"] == list(CHECKS)
    assert report["landlock"] is None
    assert report["said"] == ["this kernel has no Landlock: the sandbox goes on with seccomp alone"]


def test_without_seccomp_nothing_runs() -> None:
    done = elsewhere(OWN, SECCOMP)

    assert done.returncode != 0
    assert "SandboxFault: this kernel offers no seccomp filter" in done.stderr


class Altered(ABC):
    """A backend that does all the sandbox does, and then tells something else."""

    def __init__(self, checked: CheckedReward, sizes: Mapping[str, int], max_batch: int, limits: Limits) -> None:
        self._reward = SandboxedReward(checked, sizes, max_batch, limits)

    def __enter__(self) -> Self:
        self._reward.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._reward.close()

    def __call__(self, inputs: Mapping[str, NDArray[np.float32]]) -> RewardBatch:
        return self.told(inputs)

    @abstractmethod
    def told(self, inputs: Mapping[str, NDArray[np.float32]]) -> RewardBatch:
        """What the caller hears."""


class Inexact(Altered):
    """Its numbers are off by the last bit."""

    def told(self, inputs: Mapping[str, NDArray[np.float32]]) -> RewardBatch:
        batch = self._reward(inputs)
        return RewardBatch(np.nextafter(batch.total, np.float32(9e9)), batch.components)


class Lenient(Altered):
    """It answers zeros whatever happened."""

    def told(self, inputs: Mapping[str, NDArray[np.float32]]) -> RewardBatch:
        try:
            return self._reward(inputs)
        except RewardFault:
            return RewardBatch(np.zeros(len(inputs["x"]), np.float32), {})


def test_a_backend_that_computes_something_else_is_unsound() -> None:
    with pytest.raises(Unsound, match="the numbers that the same code gives"):
        CHECKS["computes what this process computes"](Inexact)


@pytest.mark.parametrize("name", [name for name in CHECKS if not name.startswith("computes")])
def test_a_backend_that_swallows_faults_is_unsound(name: str) -> None:
    with pytest.raises(Unsound):
        CHECKS[name](Lenient)
