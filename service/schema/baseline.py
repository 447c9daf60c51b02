"""Baselines: how an environment's own ("human") and its sparse reward do, trained once and kept as data."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from service.schema.search import Fitness, Frozen, Seed, TrainingConfig
from service.schema.training import Interval

BaselineKind = Literal["human", "sparse"]


class BaselinePoint(Frozen):
    """The mean score of the evaluation episodes after `steps` environment steps."""

    steps: int
    fitness: float


class BaselineTraining(Frozen):
    """One seed's training: fitness and success rate confirmed on fresh seeds, and how it came there."""

    seed: Seed
    fitness: float
    success_rate: float
    curve: tuple[BaselinePoint, ...]


class BaselineReward(Frozen):
    """One of the two rewards: a training for each seed, and the interquartile mean of their fitness with its interval."""

    reward: BaselineKind
    trainings: tuple[BaselineTraining, ...] = Field(min_length=1)
    interval: Interval
    success_rate: float

    @property
    def scores(self) -> tuple[float, ...]:
        """The fitness of each seed."""
        return tuple(training.fitness for training in self.trainings)


class BaselineSummary(Frozen):
    """A baseline without its trainings: both rewards' interquartile mean fitness over so many seeds, and their success rates.

    `config`: how they were trained.
    """

    fitness: str | None
    unit: str
    steps: int
    config: TrainingConfig
    seeds: int
    human: Interval
    human_success_rate: float
    sparse: Interval
    sparse_success_rate: float
    gap: Interval | None


class Baseline(Frozen):
    """The two rewards of one environment, each trained for `steps` environment steps with `config` and judged by `fitness`.

    `gap` is human minus sparse, of interquartile means with a bootstrap interval; None with a single seed. `versions` are
    those of the packages it was trained with.
    """

    environment: str
    fitness: Fitness
    sparse_reward: str
    steps: int
    config: TrainingConfig
    human: BaselineReward
    sparse: BaselineReward
    gap: Interval | None
    versions: dict[str, str]

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds that each of the two rewards was trained with."""
        return tuple(training.seed for training in self.human.trainings)

    def covers(self, seeds: Iterable[int]) -> bool:
        """Whether both rewards were trained with all of these seeds."""
        wanted = set(seeds)
        return all(wanted <= {one.seed for one in reward.trainings} for reward in (self.human, self.sparse))

    @property
    def told_apart(self) -> bool:
        """Whether the interval of `human - sparse` leaves out 0."""
        return self.gap is not None and not self.gap.low <= 0.0 <= self.gap.high

    def normalised(self, fitness: float) -> float | None:
        """`(fitness - sparse) / |human - sparse|`; None where human and sparse cannot be told apart."""
        if self.gap is None or not self.told_apart:
            return None
        return (fitness - self.sparse.interval.mean) / abs(self.gap.mean)

    @property
    def brief(self) -> BaselineSummary:
        """Its figures alone."""
        return BaselineSummary(
            fitness=self.fitness.name,
            unit=self.fitness.unit,
            steps=self.steps,
            config=self.config,
            seeds=len(self.human.trainings),
            human=self.human.interval,
            human_success_rate=self.human.success_rate,
            sparse=self.sparse.interval,
            sparse_success_rate=self.sparse.success_rate,
            gap=self.gap,
        )
