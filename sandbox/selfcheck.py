"""The conformance suite and two figures on this machine, for `rewardsmith doctor`."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

import numpy as np

from sandbox.conformance import Held, conform
from sandbox.policy import check_reward
from sandbox.reward import SandboxedReward
from sandbox.zygote import zygote

_ROWS: Final = 4096
_CALLS: Final = 20
_SOURCE: Final = "def compute_reward(x):\n    return 2.0 * x, {'twice': 2.0 * x}\n"


@dataclass(frozen=True)
class SelfCheck:
    """What the sandbox can do here.

    `held`: every check of the conformance suite; `ready_ms`: to fork, confine and compile a first reward; `round_trip_ms`:
    the fastest call of 4,096 transitions.
    """

    seccomp: bool
    landlock_abi: int | None
    held: tuple[Held, ...]
    ready_ms: float
    round_trip_ms: float


def self_check() -> SelfCheck:
    """Runs the conformance suite, then times a reward. Raises SandboxFault where the sandbox cannot work or does not hold."""
    platform = zygote().start()
    held = conform(SandboxedReward)
    inputs = {"x": np.linspace(-1.0, 1.0, _ROWS, dtype=np.float32)}
    start = time.perf_counter()
    with SandboxedReward(check_reward(_SOURCE, {"x": 0}), {"x": 0}, _ROWS) as reward:
        ready = time.perf_counter() - start
        fastest = float("inf")
        for _ in range(_CALLS):
            start = time.perf_counter()
            reward(inputs)
            fastest = min(fastest, time.perf_counter() - start)
    return SelfCheck(platform.seccomp, platform.landlock_abi, held, ready * 1e3, fastest * 1e3)
