"""What does a training process need before it learns, and to hold?

    python -m benchmarks.footprint [--rounds 3]

Cold start: from the start of a process to its first update, eight candidates on Hopper, with nothing compiled before and with what
the process before it compiled. Memory: the largest resident size, its rewards' processes included, of a process that trains
sixteen candidates on Ant for a segment. Ends with one line of JSON; exit 1 where a bar is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

COLD_SECONDS: Final = 20.0
WARM_SECONDS: Final = 8.0
GIBIBYTES: Final = 3.0


def first_update() -> None:
    """A process that trains eight candidates on Hopper and ends with the first action after their first update."""
    from benchmarks.throughput import MEMBERS, training_job
    from envs.card import card
    from envs.engines.engine import EngineStep
    from envs.engines.envpool import EnvPoolEngine
    from envs.variables import Floats, Layout
    from service.training.population import Population

    environment = card("Hopper-v5")
    job = training_job(environment, MEMBERS)

    class EndsAfterAnUpdate(EnvPoolEngine):
        def __init__(self, layout: Layout, seeds: Sequence[int], threads: int) -> None:
            super().__init__(layout, seeds, threads)
            self._stepped = 0

        def step(self, actions: Floats) -> EngineStep:
            if self._stepped == job.config.rollout_length:
                print("updated", flush=True)
                os._exit(0)
            self._stepped += 1
            return super().step(actions)

    for _ in Population(job, len(os.sched_getaffinity(0)), EndsAfterAnUpdate).train():
        pass


def one_segment() -> None:
    """A process that trains sixteen candidates on Ant for a segment, evaluation and confirmation included."""
    from benchmarks.throughput import training_job
    from envs.card import card
    from service.schema.segments import smallest_training
    from service.training.job import MemberFailed
    from service.training.population import Population

    job = training_job(card("Ant-v5"), 16)
    job = replace(job, steps=smallest_training(job.card.max_steps, job.config))
    for progress in Population(job, len(os.sched_getaffinity(0))).train():
        assert not isinstance(progress, MemberFailed), progress


def seconds_to_first_update(cache: Path) -> float:
    """Seconds from the start of a process to its first update."""
    started = time.perf_counter()
    status = _run("first_update", {"JAX_COMPILATION_CACHE_DIR": str(cache)}).wait()
    if status:
        raise SystemExit(f"the training process ended with {status} before its first update")
    return time.perf_counter() - started


def peak_gibibytes() -> float:
    """The largest sum of resident memory of a training process and its children, shared pages once (PSS), every half second."""
    process, peak, ended = _run("one_segment", {}), 0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not ended.wait(0.5):
            peak = max(peak, sum(_proportional_bytes(pid) for pid in [process.pid, *_descendants(process.pid)]))

    watcher = threading.Thread(target=watch)
    watcher.start()
    status = process.wait()
    ended.set()
    watcher.join()
    if status:
        raise SystemExit(f"the training process ended with {status}")
    return peak / 2**30


def _run(what: str, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", f"from benchmarks.footprint import {what}; {what}()"]
    return subprocess.Popen(command, env=os.environ | environment, stdout=subprocess.DEVNULL)


def _proportional_bytes(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:  # it has ended
        return 0
    return 1024 * next((int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")), 0)


def _descendants(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = [int(child) for child in task.read_text().split()]
        except OSError:  # the thread has ended
            continue
        found += [one for child in children for one in (child, *_descendants(child))]
    return found


def main() -> int:
    """Runs the benchmark and prints its line of JSON; the exit status."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    cold, warm = [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as cache:
            cold.append(seconds_to_first_update(Path(cache)))
            warm.append(seconds_to_first_update(Path(cache)))
        print(f"cold {cold[-1]:.1f} s, warm {warm[-1]:.1f} s", file=sys.stderr, flush=True)
    figures = {
        "cold_seconds": statistics.median(cold),
        "warm_seconds": statistics.median(warm),
        "ant_16_gibibytes": peak_gibibytes(),
    }
    bars = dict(zip(figures, (COLD_SECONDS, WARM_SECONDS, GIBIBYTES), strict=True))
    met = {name: value < bars[name] for name, value in figures.items()}
    rounded = {name: round(value, 2) for name, value in figures.items()}
    print(json.dumps({"benchmark": "footprint", **rounded, "bars": bars, "met": met}))
    return 0 if all(met.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
