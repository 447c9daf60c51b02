"""What do the processes of a generation need before they learn, and to hold?

    python -m benchmarks.footprint [--rounds 3]

The populations are those that a cluster's node with this machine's cores would have, each in a process. Cold start: from the
start of the processes to the first update of the last, eight candidates on Hopper, with nothing compiled before and with what was
compiled before. Memory: the largest resident size of all together, rewards' processes included, that train sixteen candidates on
Ant for a segment. Ends with one line of JSON; exit 1 where a bar is missed.
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
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Final

from benchmarks.generation import placements
from benchmarks.throughput import MEMBERS, training_job
from envs.card import card
from envs.engines.engine import EngineStep, MakeEngine
from envs.engines.envpool import EnvPoolEngine
from envs.variables import Floats, Layout
from service.schema.segments import smallest_training
from service.training.job import MemberFailed, TrainingJob
from service.training.own_core import own_core

COLD_SECONDS: Final = 20.0
WARM_SECONDS: Final = 8.0
GIBIBYTES: Final = 3.0


def eight_on_hopper() -> TrainingJob:
    """As shipped."""
    return training_job(card("Hopper-v5"), MEMBERS)


def sixteen_on_ant() -> TrainingJob:
    """As short as a training may be: a segment, its evaluation, and confirmation."""
    job = training_job(card("Ant-v5"), 16)
    return replace(job, steps=smallest_training(job.card.max_steps, job.config))


def first_update(population: int) -> None:
    """A process that trains one population of eight candidates on Hopper, and ends with the first action after its first update."""
    job = eight_on_hopper()

    class EndsAfterAnUpdate(EnvPoolEngine):
        def __init__(self, layout: Layout, seeds: Sequence[int], threads: int) -> None:
            super().__init__(layout, seeds, threads)
            self._stepped = 0

        def step(self, actions: Floats) -> EngineStep:
            if self._stepped == job.config.rollout_length:
                os._exit(0)
            self._stepped += 1
            return super().step(actions)

    _train(job, population, EndsAfterAnUpdate)


def one_segment(population: int) -> None:
    """A process that trains one population of sixteen candidates on Ant."""
    _train(sixteen_on_ant(), population, EnvPoolEngine)


def _train(job: TrainingJob, population: int, engine: MakeEngine) -> None:
    own = placements(job)[population]
    with own_core() if own.cores == 1 else nullcontext():
        from service.training.population import Population

        for progress in Population(replace(job, members=own.members), own.cores, engine).train():
            assert not isinstance(progress, MemberFailed), progress


def seconds_to_first_update(cache: Path) -> float:
    """Seconds from the start of the processes to the first update of the last."""
    count = len(placements(eight_on_hopper()))
    started = time.perf_counter()
    _wait(_run("first_update", count, {"JAX_COMPILATION_CACHE_DIR": str(cache)}))
    return time.perf_counter() - started


def peak_gibibytes() -> float:
    """The largest sum of resident memory of the processes and their children, shared pages once (PSS), every half second."""
    processes, peak, ended = _run("one_segment", len(placements(sixteen_on_ant())), {}), 0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not ended.wait(0.5):
            found = [pid for process in processes for pid in (process.pid, *_descendants(process.pid))]
            peak = max(peak, sum(map(_proportional_bytes, found)))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        _wait(processes)
    finally:
        ended.set()
        watcher.join()
    return peak / 2**30


def _run(what: str, count: int, environment: dict[str, str]) -> list[subprocess.Popen[bytes]]:
    """A process for each population."""
    command = f"from benchmarks.footprint import {what}; {what}"
    return [
        subprocess.Popen([sys.executable, "-c", f"{command}({population})"], env=os.environ | environment)
        for population in range(count)
    ]


def _wait(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    try:
        for process in processes:
            if status := process.wait():
                raise SystemExit(f"a training process ended with {status}")
    finally:
        for process in processes:
            process.kill()


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
