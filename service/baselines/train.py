"""Trains the human and the sparse reward of a card on several seeds and puts a `Baseline` together from what came out.

All trainings are members of one job; what each has reached is kept in a `BaselineFolder`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import get_args

import numpy as np

from envs.card import EnvCard, Metric
from service.baselines.folder import BaselineFolder, BaselinePlan, Part
from service.evolution.comparison import gap, interval
from service.evolution.seeds import comparison_seeds
from service.schema import Baseline, BaselineKind, BaselineReward, BaselineTraining, Fitness, TrainingConfig
from service.schema.segments import plan_segments
from service.schema.versions import versions
from service.training.job import (
    ClusterProgress,
    Member,
    MemberFailed,
    MemberFinished,
    SegmentDone,
    TrainingJob,
    code_of,
    metric_of,
)

KINDS: tuple[BaselineKind, ...] = get_args(BaselineKind)
Train = Callable[[TrainingJob], Iterator[ClusterProgress]]


class BaselineFailed(Exception):
    """A reward could not be trained to its end; the message says why."""


def plan_baseline(card: EnvCard, metric: Metric, config: TrainingConfig, steps: int, seeds: int) -> BaselinePlan:
    """The plan of a card's baseline, on the seeds of a run's final comparison whose own seed is 0.

    `steps` environment steps of each training, of which what fills no whole segment is left out. Raises `ValueError` below
    one segment.
    """
    return BaselinePlan(
        environment=card.id,
        fitness=Fitness(name=metric.name, score=metric.score, success=metric.success, unit=metric.unit),
        sparse_reward=card.sparse_reward,
        steps=plan_segments(card.max_steps, config, steps).steps,
        config=config,
        seeds=tuple(comparison_seeds(seeds, 0)),
        versions=versions(),
    )


def make_baseline(
    card: EnvCard, plan: BaselinePlan, folder: BaselineFolder, train: Train, tell: Callable[[ClusterProgress], None]
) -> Baseline:
    """Trains what the folder does not hold yet and writes the baseline. `tell` hears of each progress once it is kept.

    Raises `BaselineFailed` where a reward cannot be trained to its end, and whatever `train` raises; what was kept stays.
    """
    folder.begin()
    members = {
        f"{kind}-{k}": Member(f"{kind}-{k}", seed, code_of(card, kind))
        for kind in KINDS
        for k, seed in enumerate(plan.seeds)
    }
    unfinished = tuple(member for name, member in members.items() if folder.part(name).result is None)
    if unfinished:
        stored = {member.id: folder.checkpoint(member.id) for member in unfinished}
        job = TrainingJob(
            card=card,
            metric=metric_of(card, plan.fitness),
            config=plan.config,
            steps=plan.steps,
            members=unfinished,
            checkpoints={name: checkpoint for name, checkpoint in stored.items() if checkpoint is not None},
        )
        _keep(train(job), folder, tell)
    baseline = _put_together(plan, {name: folder.part(name) for name in members})
    folder.finish(baseline)
    return baseline


def _keep(progress: Iterable[ClusterProgress], folder: BaselineFolder, tell: Callable[[ClusterProgress], None]) -> None:
    for one in progress:
        match one:
            case SegmentDone():
                folder.add_segment(one.member_id, one.point, one.checkpoint)
            case MemberFinished():
                folder.finish_training(one.member_id, one.result)
            case MemberFailed():
                raise BaselineFailed(f"{one.member_id}: expected a trained policy, got: {one.reason}")
        tell(one)


def _put_together(plan: BaselinePlan, parts: dict[str, Part]) -> Baseline:
    human, sparse = (_reward(kind, plan, parts) for kind in KINDS)
    return Baseline(
        environment=plan.environment,
        fitness=plan.fitness,
        sparse_reward=plan.sparse_reward,
        steps=plan.steps,
        config=plan.config,
        human=human,
        sparse=sparse,
        gap=gap(human.scores, sparse.scores),
        versions=plan.versions,
    )


def _reward(kind: BaselineKind, plan: BaselinePlan, parts: dict[str, Part]) -> BaselineReward:
    trainings: list[BaselineTraining] = []
    for k, seed in enumerate(plan.seeds):
        part = parts[f"{kind}-{k}"]
        if part.result is None:
            raise BaselineFailed(f"{kind}-{k}: expected a finished training, got {len(part.curve)} of its segments")
        trainings.append(
            BaselineTraining(
                seed=seed, fitness=part.result.fitness, success_rate=part.result.success_rate, curve=part.curve
            )
        )
    return BaselineReward(
        reward=kind,
        trainings=tuple(trainings),
        interval=interval([training.fitness for training in trainings]),
        success_rate=float(np.mean([training.success_rate for training in trainings])),
    )
