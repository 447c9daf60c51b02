"""The sandbox beside the same rewards in-process: what confinement costs, and what it leaves behind.

    python -m benchmarks.sandbox [--rounds 16] [--skip-training]

Both sides of a ratio are measured in turns in one run. Ends with one line of JSON; exits 1 where a bar is missed.
"""

from __future__ import annotations

import argparse
import ast
import gc
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.rewards import DENSE_LINES, GAIT, RUNAWAY, SIXTY_LINES
from sandbox import Limits, RewardTimeout, SandboxedReward, check_reward, zygote

Inputs = Mapping[str, NDArray[np.float32]]
SIZES: Final = {
    "forward_velocity": 0,
    "torso_height": 0,
    "up": 0,
    "joints": 8,
    "joint_velocities": 8,
    "action": 8,
}
"""27 columns in all."""
KNOWN: Final = {**SIZES, "prev_torso_height": 0, "prev_action": 8, "terminated": 0}
ROWS: Final = 32_768
OPENED: Final = 1_000
SIDE_BY_SIDE: Final = 64


@dataclass(frozen=True)
class Measure:
    """One figure and its bar: `value` must be at most `bar`, both in `unit`."""

    name: str
    value: float
    bar: float
    unit: str

    @property
    def met(self) -> bool:
        """Whether the bar is met."""
        return self.value <= self.bar

    def __str__(self) -> str:
        return f"{self.name}: {self.value:.4g} {self.unit} (at most {self.bar:g}): {'met' if self.met else 'MISSED'}"


def timed(work: Callable[[], object]) -> float:
    """Seconds that one call of `work` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def in_process(source: str) -> Callable[..., object]:
    """The function of a source of this benchmark, run here without any sandbox."""
    names: dict[str, object] = {"np": np}
    exec(source, names)
    function = names["compute_reward"]
    assert callable(function)
    return function


def batch(rows: int) -> dict[str, NDArray[np.float32]]:
    """Inputs of `rows` transitions: (B,) or (B, 8) float32."""
    random = np.random.default_rng(0)
    return {name: random.normal(size=(rows, size) if size else rows).astype(np.float32) for name, size in SIZES.items()}


def round_trip() -> list[Measure]:
    """A call in the sandbox beside the same call here, in turns; inputs are copied in and results out in every call."""
    inputs, function = batch(ROWS), in_process(GAIT)
    here: list[float] = []
    there: list[float] = []
    with SandboxedReward(check_reward(GAIT, SIZES), SIZES, ROWS) as reward:
        for _ in range(10):
            reward(inputs), function(**inputs)
        for _ in range(200):
            here.append(timed(lambda: function(**inputs)))
            there.append(timed(lambda: reward(inputs)))
    ours, theirs = statistics.median(there), statistics.median(here)
    print(f"round trip: {ours * 1e3:.2f} ms in the sandbox, {theirs * 1e3:.2f} ms in-process")
    return [Measure("round_trip", ours / theirs, 1.5, "x in-process")]


def first_reward() -> list[Measure]:
    """From the text of a reward to its first answer, the zygote running; and the check alone."""
    inputs = {name: array[:64] for name, array in batch(64).items()}
    inputs |= {
        name: np.zeros((64, size) if size else 64, np.float32) for name, size in KNOWN.items() if name not in inputs
    }
    check: list[float] = []
    dense: list[float] = []
    parsed: list[float] = []
    ready: list[float] = []
    for _ in range(60):
        check.append(timed(lambda: check_reward(SIXTY_LINES, KNOWN)))
        dense.append(timed(lambda: check_reward(DENSE_LINES, KNOWN)))
        parsed.append(timed(lambda: ast.parse(DENSE_LINES)))
        start = time.perf_counter()
        with SandboxedReward(check_reward(SIXTY_LINES, KNOWN), KNOWN, 64) as reward:
            reward(inputs)
            ready.append(time.perf_counter() - start)
    print(
        f"sixty dense lines: {statistics.median(dense) * 1e3:.2f} ms to check, of which Python's parser takes "
        f"{statistics.median(parsed) * 1e3:.2f} ms"
    )
    return [
        Measure("check_sixty_lines", statistics.median(check) * 1e3, 3.0, "ms"),
        Measure("first_reward", statistics.median(ready) * 1e3, 15.0, "ms"),
    ]


def runaways() -> list[Measure]:
    """What passes between the deadline of a call that never ends and the caller going on; the worst of 10."""
    late: list[float] = []
    limits = Limits(call_seconds=0.1)
    checked = check_reward(RUNAWAY, SIZES)
    for _ in range(10):
        with SandboxedReward(checked, SIZES, 8, limits) as reward:
            start = time.perf_counter()
            try:
                reward(batch(8))
            except RewardTimeout:
                late.append(time.perf_counter() - start - limits.call_seconds)
    assert len(late) == 10, "a runaway came to an end by itself"
    return [Measure("killing_a_runaway", max(late) * 1e3, 50.0, "ms")]


def left_behind() -> list[Measure]:
    """Processes, descriptors and memory after 1,000 rewards opened, called and closed one after the other."""
    checked, inputs = check_reward(GAIT, SIZES), batch(4096)
    spawner = zygote().pid
    assert spawner is not None

    def one_by_one(count: int) -> None:
        for _ in range(count):
            with SandboxedReward(checked, SIZES, 4096) as reward:
                reward(inputs)

    def held() -> tuple[int, int, float]:
        gc.collect()
        processes = len(Path(f"/proc/{spawner}/task/{spawner}/children").read_text().split())
        descriptors = sum(len([*Path(f"/proc/{pid}/fd").iterdir()]) for pid in (os.getpid(), spawner))
        return processes, descriptors, sum(_resident_mib(pid) for pid in (os.getpid(), spawner))

    one_by_one(50)
    before = held()
    one_by_one(OPENED)
    after = held()
    return [
        Measure("processes_left", after[0] - before[0], 0, "processes"),
        # The zygote closes the last child's two just after the caller hears of its end.
        Measure("descriptors_left", after[1] - before[1], 2, "descriptors"),
        Measure("memory_left", after[2] - before[2], 4, "MiB"),
    ]


def side_by_side() -> list[Measure]:
    """Private memory of rewards that are open at once, each called with 4,096 transitions; the largest."""
    checked, inputs = check_reward(GAIT, SIZES), batch(4096)
    rewards = [SandboxedReward(checked, SIZES, 4096).open() for _ in range(SIDE_BY_SIDE)]
    try:
        for reward in rewards:
            reward(inputs)
        spawner = zygote().pid
        children = Path(f"/proc/{spawner}/task/{spawner}/children").read_text().split()
        assert len(children) == SIDE_BY_SIDE
        private = max(_private_mib(int(child)) for child in children)
    finally:
        for reward in rewards:
            reward.close()
    return [Measure("private_memory_of_one_of_64", private, 15, "MiB")]


def _resident_mib(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def _private_mib(pid: int) -> float:
    """Private memory; only root may read it, since rewards are not dumpable: others get all that is resident."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except PermissionError:
        return _resident_mib(pid)
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024


def main() -> None:
    """Runs the benchmark and prints its line of JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=16, help="segments of training on each side")
    parser.add_argument("--skip-training", action="store_true")
    arguments = parser.parse_args()
    zygote().start()
    measures: list[Measure] = []
    for part in (round_trip, first_reward, runaways, left_behind, side_by_side):
        for measure in part():
            print(measure, flush=True)
            measures.append(measure)
    if not arguments.skip_training:
        from benchmarks.sandboxed_training import training

        measures += training(arguments.rounds)
        print(measures[-1])
    missed = [measure.name for measure in measures if not measure.met]
    figures = {measure.name: round(measure.value, 4) for measure in measures}
    print(json.dumps({"benchmark": "sandbox", **figures, "missed": missed}))
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
