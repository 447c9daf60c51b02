"""Does the API answer while a training has all cores, and does it lose an event or keep memory?

    python -m benchmarks.api [--database postgresql] [--minutes 10] [--workers 2]

On one machine: `rewardsmith api` with its workers and tokens, a database of 10,000 runs, a training on Ray that has every core, a
writer that appends events to forty live runs, and the load in a process of its own: listings (filters, orders and pages by cursor
mixed) at 100 requests a second, each timed from when it was due, and 200 streams of events, an eighth of which break off and go
on. Whether memory is flat is told by runs of ten minutes only: the largest growth of a process from the mean of the sixth minute to
that of the last. Ends with one line of JSON; exit 1 where a bar is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Final

from benchmarks.api_load import Outcome, Plan
from benchmarks.serving import served
from benchmarks.throughput import MEMBERS, training_job
from envs.card import card
from service.schema import Fitness, RunRequest, RunState, Scope
from service.store import Store, Writer, migrate_store, open_store, process_owner
from service.store.columns import now
from service.store.database import Database
from service.store.tables import RunRow
from service.training.cluster import Cluster
from service.training.errors import TrainingStopped
from service.training.job import SegmentDone

RUNS: Final = 10_000
LIVE_RUNS: Final = 40
STREAMS: Final = 200
REQUESTS_PER_SECOND: Final = 100.0
EVENTS_PER_SECOND: Final = 20.0
P99_MILLISECONDS: Final = 100.0
MIBIBYTES: Final = 300.0
GROWTH_PERCENT: Final = 2.0
FLAT_MINUTES: Final = 10.0
SPEED_NUMBERS: Final = 100_000
STOLEN: Final = 7
"""Place of the time stolen by others in the kernel's list."""
ENVIRONMENTS: Final = ("Hopper-v5", "Ant-v5", "Walker2d-v5", "HalfCheetah-v5")
TASKS: Final = ("run as fast as you can", "walk backwards", "stand on one leg", "a slow and steady walk")


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """An empty database with all tables; its URL."""
    if kind == "sqlite":
        url = f"sqlite:///{folder}/runs.db"
        migrate_store(url)
        yield url
        return
    from tests.postgres import Postgres

    with Postgres(folder / "postgres") as server:
        url = server.create("runs")
        migrate_store(url)
        yield url


def fill(url: str, runs: range = range(RUNS)) -> None:
    """Stores 10,000 runs, or those of these numbers, of the last 100 days that have ended or wait, in one transaction."""
    chosen, at = random.Random(0), now()
    states = (RunState.COMPLETED, RunState.COMPLETED, RunState.FAILED, RunState.CANCELLED, RunState.PAUSED)
    rows = []
    for number in runs:
        request = RunRequest(task=chosen.choice(TASKS), environment=chosen.choice(ENVIRONMENTS))
        metric = card(request.environment).metrics[0]
        rows.append(
            RunRow(
                id=f"r-{number:010x}",
                environment=request.environment,
                task=request.task,
                request=request,
                fitness=Fitness(name=metric.name, score=metric.score, success=metric.success, unit=metric.unit),
                steps=163_840,
                state=chosen.choice(states),
                best_fitness=chosen.gauss(1.0, 1.0) if chosen.random() < 0.8 else None,
                queued_at=at,
                created_at=at - timedelta(seconds=chosen.uniform(0, 8_640_000)),
                updated_at=at - timedelta(seconds=chosen.uniform(0, 8_640_000)),
            )
        )
    with_tables = Database(url)
    with with_tables.writing() as session:
        session.add_all(rows)
    with_tables.close()


class Happenings:
    """Appends events to live runs at a fixed rate, until they are ended."""

    def __init__(self, store: Store) -> None:
        self._writers = [self._live(store) for _ in range(LIVE_RUNS)]
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._happen)
        self._thread.start()

    @property
    def runs(self) -> tuple[str, ...]:
        """The live runs."""
        return tuple(writer.claim.run_id for writer in self._writers)

    def end(self) -> None:
        """Ends all runs, and with them their streams."""
        self._stopped.set()
        self._thread.join()
        for writer in self._writers:
            writer.set_run_state(RunState.COMPLETED)

    def _happen(self) -> None:
        begun, number = time.monotonic(), 0
        while not self._stopped.wait(max(0.0, begun + number / EVENTS_PER_SECOND - time.monotonic())):
            self._writers[number % LIVE_RUNS].log(f"event {number}")
            number += 1

    def _live(self, store: Store) -> Writer:
        run = store.create_run(
            RunRequest(task="live", environment="Hopper-v5"), Fitness(name="x", score="x", success="x"), 1
        )
        claim = store.claim(process_owner(), 86_400.0, run.id)
        assert claim is not None
        return store.writer(claim)


class Training:
    """A training of eight candidates on all cores of this machine, until it is stopped."""

    def __init__(self) -> None:
        self._cluster = Cluster(cores=os.cpu_count())
        self._stopped = threading.Event()
        self.segments = 0
        self._begun = threading.Event()
        self._thread = threading.Thread(target=self._train)
        self._thread.start()
        self._begun.wait()

    def stop(self) -> None:
        """Ends it and its Ray."""
        self._stopped.set()
        self._thread.join()
        self._cluster.close()

    def _train(self) -> None:
        job = training_job(card("Hopper-v5"), MEMBERS)
        with suppress(TrainingStopped):
            while not self._stopped.is_set():
                for progress in self._cluster.train(job, self._stopped.is_set):
                    self.segments += isinstance(progress, SegmentDone)
                    self._begun.set()


class Memory:
    """The resident memory of each process of the API, in MiB, once a second."""

    def __init__(self, parent: int) -> None:
        self._parent = parent
        self._stopped = threading.Event()
        self._begun = time.monotonic()
        self.seen: dict[int, list[tuple[float, float]]] = {}
        """By process: minutes since the beginning, and MiB then."""
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def stop(self) -> None:
        """Looks no more."""
        self._stopped.set()
        self._thread.join()

    def largest(self) -> float:
        """The most that any process had."""
        return max(size for seen in self.seen.values() for _, size in seen)

    def slope(self) -> float:
        """By how much the process that grows fastest did in the second half, in MiB a minute, by least squares."""
        return max(
            statistics.linear_regression(*zip(*seen[len(seen) // 2 :], strict=True)).slope
            for seen in self.seen.values()
        )

    def growth(self) -> float:
        """By how much the process that grew most did over the last five minutes, in percent."""
        return max(self._growth(seen) for seen in self.seen.values())

    def _growth(self, seen: list[tuple[float, float]]) -> float:
        end = seen[-1][0]
        first = statistics.fmean(size for at, size in seen if end - 5.0 <= at < end - 4.0)
        return 100.0 * (statistics.fmean(size for at, size in seen if at >= end - 1.0) / first - 1.0)

    def _look(self) -> None:
        while not self._stopped.wait(1.0):
            for process in (self._parent, *_children(self._parent)):
                size = int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
                self.seen.setdefault(process, []).append(((time.monotonic() - self._begun) / 60.0, size))


class Speed:
    """How long a fixed piece of Python takes on this machine beside the load, in milliseconds of processor time, once a second.

    Shared machines are several times as fast at one time as at another: only figures with the same speed can be compared, and the
    same share of its cores that others took from it.
    """

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self.seen: list[float] = []
        self._ticks = [_ticks()]
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def stop(self) -> None:
        """Looks no more."""
        self._stopped.set()
        self._thread.join()

    def stolen(self, begin: int = 0, end: int = -1) -> float:
        """The share of its cores' time that this machine was ready to work and was not let, in percent, between two seconds."""
        passed = [now - then for now, then in zip(self._ticks[end], self._ticks[begin], strict=True)]
        return 100.0 * passed[STOLEN] / sum(passed)

    def stolen_by_minute(self) -> list[float]:
        """That share, of each whole minute."""
        return [self.stolen(begin, begin + 60) for begin in range(0, len(self._ticks) - 60, 60)]

    def _look(self) -> None:
        while not self._stopped.wait(1.0):
            self._ticks.append(_ticks())
            begun = time.thread_time()
            sum(range(SPEED_NUMBERS))
            self.seen.append(1e3 * (time.thread_time() - begun))


def _ticks() -> list[int]:
    """What all cores did since they were started, of each kind; time of guests is in that of users already."""
    return [int(ticks) for ticks in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1 : STOLEN + 2]]


def _children(parent: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


def batched(values: list[float], size: int) -> Iterator[list[float]]:
    """Values in their order, so many at a time."""
    return (values[start : start + size] for start in range(0, len(values), size))


def loaded(plan: Plan, happenings: Happenings) -> Outcome:
    """Puts the load on, ends the runs once all listings are answered, and hears what became of it."""
    command = [sys.executable, "-m", "benchmarks.api_load"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as load:
        assert load.stdin is not None
        assert load.stdout is not None
        load.stdin.write(plan.model_dump_json() + "\n")
        load.stdin.flush()
        listed = load.stdout.readline()
        happenings.end()
        if listed != "listed\n":
            raise SystemExit("the load ended before its time")
        return Outcome.model_validate_json(load.stdout.read())


def measure(url: str, folder: Path, minutes: float, workers: int, train: bool) -> dict[str, float]:
    """All figures of one run of the benchmark."""
    fill(url)
    store = open_store(url)
    token = store.tokens.create("benchmark", Scope.READ).secret
    training = Training() if train else None
    happenings = Happenings(store)
    settings = {"REWARDSMITH_DATABASE_URL": url, "REWARDSMITH_REQUESTS_PER_MINUTE": "1000000"}
    with served(folder, settings, "api", "--workers", str(workers)) as (address, parent):
        memory, speed = Memory(parent), Speed()
        plan = Plan(
            url=address,
            token=token,
            runs=happenings.runs,
            seconds=60.0 * minutes,
            rate=REQUESTS_PER_SECOND,
            streams=STREAMS,
        )
        begun, segments = time.monotonic(), training.segments if training else 0
        outcome = loaded(plan, happenings)
        memory.stop()
        speed.stop()
    trained = (training.segments - segments) / (time.monotonic() - begun) * 60.0 if training else 0.0
    if training:
        training.stop()
    store.close()
    cuts = [1e3 * cut for cut in statistics.quantiles(outcome.latencies, n=1000, method="inclusive")]
    delays = [1e3 * cut for cut in statistics.quantiles(outcome.delays, n=100, method="inclusive")]
    figures = {
        "listings": len(outcome.latencies),
        "failed_listings": outcome.failures,
        "p50_milliseconds": cuts[499],
        "p99_milliseconds": cuts[989],
        "p999_milliseconds": cuts[998],
        "events": outcome.events,
        "lost_events": outcome.lost,
        "repeated_events": outcome.repeated,
        "broken_streams": outcome.drops,
        "event_delay_p99_milliseconds": delays[98],
        "largest_mebibytes": memory.largest(),
        "mebibytes_a_minute": memory.slope(),
        "trained_segments_a_minute": trained,
        "python_milliseconds": statistics.median(speed.seen),
        "stolen_percent": speed.stolen(),
    }
    for minute, share in enumerate(speed.stolen_by_minute()):
        figures[f"stolen_percent_of_minute_{minute + 1}"] = share
    for minute, some in enumerate(batched(outcome.latencies, int(60 * REQUESTS_PER_SECOND))):
        figures[f"p99_milliseconds_of_minute_{minute + 1}"] = 1e3 * sorted(some)[int(0.99 * len(some))]
    return figures | ({"growth_percent": memory.growth()} if minutes >= FLAT_MINUTES else {})


def main() -> int:
    """Runs the benchmark and prints its line of JSON; the exit status."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--minutes", type=float, default=FLAT_MINUTES)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--no-training", action="store_true", help="leaves the cores to the API, to see what they cost it"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as place, database(arguments.database, Path(place)) as url:
        figures = measure(url, Path(place), arguments.minutes, arguments.workers, not arguments.no_training)
    bars = {
        "failed_listings": 0,
        "p99_milliseconds": P99_MILLISECONDS,
        "lost_events": 0,
        "repeated_events": 0,
        "largest_mebibytes": MIBIBYTES,
        "growth_percent": GROWTH_PERCENT,
    }
    missed = [name for name, bar in bars.items() if name in figures and figures[name] > bar]
    rounded = {name: round(value, 2) for name, value in figures.items()}
    asked = {"database": arguments.database, "minutes": arguments.minutes, "workers": arguments.workers}
    print(json.dumps({"benchmark": "api", **asked, **rounded, "bars": bars, "missed": missed}))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
