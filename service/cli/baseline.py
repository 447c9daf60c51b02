"""Makes baselines: the human and the sparse reward of environments, trained for runs to be measured by."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from envs.card import EnvCard, card
from envs.errors import EnvironmentFault, EnvironmentUnknown, MetricUnknown
from sandbox import SandboxFault
from service.baselines.folder import BaselineFolder, BaselinePlan
from service.baselines.stored import OWN
from service.baselines.train import BaselineFailed, make_baseline, plan_baseline
from service.cli.faults import BadInput, Infrastructure, Interrupted, RunFailed
from service.cli.tables import interval, print_table
from service.cli.terminal import console, print_json
from service.schema import Baseline
from service.schema.tunings import shipped_training
from service.settings import Settings
from service.training.cluster import Cluster
from service.training.errors import ClusterFault, FitnessFault, TrainingStopped
from service.training.job import (
    ClusterProgress,
    MemberFailed,
    MemberFinished,
    PopulationResubmitted,
    SegmentDone,
    TrainingJob,
)

SECONDS_BETWEEN_LOOKS = 0.5


@dataclass(frozen=True)
class _Order:
    """One baseline to be made."""

    card: EnvCard
    plan: BaselinePlan
    folder: BaselineFolder


def make_baselines(
    settings: Settings,
    environments: Sequence[str],
    fitness: str | None,
    steps: int | None,
    seeds: int,
    out: Path | None,
    *,
    as_json: bool,
) -> None:
    """Makes what is not there yet, with its progress on standard error, and prints all of it.

    Raises `CommandFault`; what was trained until then is kept.
    """
    folder = out or settings.data_folder / OWN
    orders = [_order(environment, fitness, steps, seeds, folder) for environment in dict.fromkeys(environments)]
    progress = console(error=True)
    made = [order.folder.finished() for order in orders]
    if missing := [order for order, found in zip(orders, made, strict=True) if found is None]:
        _in_a_thread(lambda stop: _make(settings, missing, progress, stop))
        made = [order.folder.finished() for order in orders]
    baselines = [baseline for baseline in made if baseline is not None]
    if as_json:
        print_json(baselines)
        return
    for order, baseline in zip(orders, baselines, strict=True):
        _print(console(), baseline, order.folder.path)


def _order(environment: str, fitness: str | None, steps: int | None, seeds: int, folder: Path) -> _Order:
    """What is to be made, checked whole. Raises `BadInput` naming the nearest known names."""
    try:
        known = card(environment)
        metric = known.metrics[0] if fitness is None else known.metric(fitness)
    except (EnvironmentUnknown, MetricUnknown) as error:
        raise BadInput(str(error)) from error
    try:
        config = shipped_training(known.id, known.family)
        plan = plan_baseline(known, metric, config, known.steps if steps is None else steps, seeds)
    except ValueError as error:
        raise BadInput(f"--steps: {environment}: {error}") from error
    return _Order(known, plan, BaselineFolder(folder, plan))


def _in_a_thread(work: Callable[[threading.Event], None]) -> None:
    """Does the work while this thread waits for Ctrl-C, at which the work is asked to stop."""
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(work, stop)
        try:
            while not _ended(done):
                pass
        except KeyboardInterrupt:
            print("stopping; what was trained is kept", file=sys.stderr)
            stop.set()
            with suppress(KeyboardInterrupt, TrainingStopped):
                done.result()
            raise Interrupted("the same command goes on where it was") from None


def _ended(done: Future[None]) -> bool:
    """Whether the work has ended, after waiting a little for it. Raises what the work raised, as a `CommandFault`."""
    try:
        done.result(SECONDS_BETWEEN_LOOKS)
    except TimeoutError:
        return False
    except (BaselineFailed, FitnessFault) as error:
        raise RunFailed(str(error)) from error
    except (ClusterFault, SandboxFault, EnvironmentFault) as error:
        raise Infrastructure(f"{error}; the same command goes on where it was") from error
    return True


def _make(settings: Settings, orders: Sequence[_Order], shown: Console, stop: threading.Event) -> None:
    with Cluster(settings.ray_address, settings.training_cores) as cluster:

        def train(job: TrainingJob) -> Iterator[ClusterProgress]:
            return cluster.train(job, stop.is_set)

        for order in orders:
            plan = order.plan
            shown.print(f"{plan.environment}: {plan.steps:,} steps, {len(plan.seeds)} seeds, {plan.fitness.name}")
            make_baseline(order.card, plan, order.folder, train, lambda one: _tell(shown, one))


def _tell(shown: Console, progress: ClusterProgress) -> None:
    match progress:
        case SegmentDone():
            point = progress.point
            figures = f"fitness {point.fitness:.4g}, {point.steps_per_second:,.0f} steps/s"
            shown.print(f"  {progress.member_id}: {point.steps:,} steps, {figures}")
        case MemberFinished():
            shown.print(f"  {progress.member_id}: finished, fitness {progress.result.fitness:.4g} on fresh seeds")
        case PopulationResubmitted() | MemberFailed():
            shown.print(f"  {progress.reason}")


def _print(shown: Console, baseline: Baseline, path: Path) -> None:
    fitness = baseline.fitness
    rows = [
        (
            reward.reward,
            interval(reward.interval),
            f"{reward.success_rate:.0%}",
            ", ".join(f"{one:.3f}" for one in reward.scores),
        )
        for reward in (baseline.human, baseline.sparse)
    ]
    unit = f" ({fitness.unit})" if fitness.unit else ""
    title = f"{baseline.environment}: {fitness.name}{unit} after {baseline.steps:,} steps: IQM, 95% interval"
    print_table(shown, title, ("reward", "fitness", "success", "each seed"), rows)
    apart = "one seed says nothing of it" if baseline.gap is None else interval(baseline.gap)
    shown.print(f" human - sparse: {apart}\n {path}\n")
