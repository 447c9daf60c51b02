"""A baseline of FetchReach with round figures: sparse 1, human 3, on the seeds 1 and 2."""

from __future__ import annotations

from pathlib import Path

from envs.card import card
from service.baselines.stored import OWN, file_name
from service.schema import (
    Baseline,
    BaselineKind,
    BaselinePoint,
    BaselineReward,
    BaselineTraining,
    Fitness,
    Interval,
)
from service.schema.tunings import shipped_training
from service.schema.versions import versions

ARM = card("FetchReach-v4")
METRIC = ARM.metrics[0]
FITNESS = Fitness(name=METRIC.name, score=METRIC.score, success=METRIC.success, unit=METRIC.unit)
CONFIG = shipped_training(ARM.id, ARM.family)
STEPS = 4096
GAP = Interval(mean=2.0, low=1.0, high=3.0)


def reward(kind: BaselineKind, mean: float) -> BaselineReward:
    curve = (BaselinePoint(steps=STEPS, fitness=mean),)
    return BaselineReward(
        reward=kind,
        trainings=tuple(BaselineTraining(seed=s, fitness=mean, success_rate=0.5, curve=curve) for s in (1, 2)),
        interval=Interval(mean=mean, low=mean - 0.5, high=mean + 0.5),
        success_rate=0.5,
    )


def made(gap: Interval | None = GAP, **changes: object) -> Baseline:
    found = Baseline(
        environment=ARM.id,
        fitness=FITNESS,
        sparse_reward=ARM.sparse_reward,
        steps=STEPS,
        config=CONFIG,
        human=reward("human", 3.0),
        sparse=reward("sparse", 1.0),
        gap=gap,
        versions=versions(),
    )
    return found.model_copy(update=changes)


def put(baseline: Baseline, data_folder: Path) -> Path:
    path = data_folder / OWN / file_name(baseline.environment, baseline.fitness.name, baseline.steps)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(baseline.model_dump_json())
    return path
