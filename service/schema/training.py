"""What a training reports: points of a curve, evaluated episodes, and how the final comparison came out."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, WithJsonSchema

from service.schema.search import Frozen, RewardKind, Seed

NOT_FINITE = {"type": "string", "enum": ["NaN", "Infinity", "-Infinity"]}
Figure = Annotated[float, WithJsonSchema({"anyOf": [{"type": "number"}, NOT_FINITE]})]
"""What a training that goes astray may have no finite value of; JSON has no number for that, so it is a word there."""


class EpisodeEnd(StrEnum):
    """How an episode ended."""

    TERMINATED = "terminated"
    TRUNCATED = "truncated"


class EpisodeSummary(Frozen):
    """One evaluated episode: `length` in steps, `score` and `success` of the fitness, mean per step of each component."""

    score: float
    success: bool
    length: int
    end: EpisodeEnd
    total_reward: Figure
    components: dict[str, Figure]
    last_variables: dict[str, tuple[Figure, ...]] = Field(default_factory=dict)


class ComponentSummary(Frozen):
    """One reward component over a segment's transitions: mean and standard deviation per step, share of all magnitude in [0, 1]."""

    mean: Figure
    std: Figure
    share: Figure


class CurvePoint(Frozen):
    """What one member had learned at the end of one segment.

    `steps`: environment steps so far. `fitness`: mean score of deterministic evaluation episodes. `fitness_error`: its standard
    error over those episodes, None with one alone and in points of before it was kept. `training_return`: mean sum of rewards of
    the episodes that ended in the segment, None if none did. `training_length`: their mean length in steps. `steps_per_second`: of
    all members that were trained at the time.
    """

    segment: int
    steps: int
    fitness: float
    fitness_error: float | None = None
    success_rate: float
    episode_length: float
    terminated_rate: float
    training_return: Figure | None
    training_length: float | None
    components: dict[str, ComponentSummary]
    steps_per_second: float
    policy_loss: Figure
    value_loss: Figure
    entropy: Figure
    approximate_kl: Figure


class TrainingResult(Frozen):
    """A finished member: the best segment by evaluation and its fitness on fresh seeds, which is the candidate's fitness."""

    best_segment: int
    fitness: float
    success_rate: float
    episodes: tuple[EpisodeSummary, ...]


class TrainingState(StrEnum):
    """A training's way: `queued` to `running` to `finished`, `failed` through a fault of its reward, or `pruned` on the way."""

    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    PRUNED = "pruned"
    FAILED = "failed"


class Training(Frozen):
    """One member's training as stored: of a candidate (`candidate_id`) or of a baseline, with its curve.

    `warm_start`: the training whose policy it began with, None for a fresh policy.
    """

    id: str
    run_id: str
    candidate_id: str | None
    reward: RewardKind
    comparison: bool
    seed: Seed
    warm_start: str | None = None
    state: TrainingState
    segments: int
    segments_done: int
    curve: tuple[CurvePoint, ...]
    result: TrainingResult | None
    reason: str | None


class Interval(Frozen):
    """A mean over seeds with its 95% bootstrap interval: interquartile in the final comparison, plain for a candidate."""

    mean: float
    low: float
    high: float


class RewardComparison(Frozen):
    """One of the three rewards of the final comparison: fitness of each seed and their interval.

    `stored`: not trained for this run, but taken from a baseline of the same training on the same seeds.
    """

    reward: RewardKind
    fitness: tuple[float, ...]
    interval: Interval
    success_rate: float
    stored: bool = False


class Comparison(Frozen):
    """The winner beside the human and the sparse reward; `human_normalised` is None where human and sparse cannot be told apart."""

    winner_id: str
    rewards: tuple[RewardComparison, ...]
    human_normalised: Interval | None
    steps: int

    def normalised(self, fitness: float) -> float | None:
        """`(fitness - sparse) / |human - sparse|`; None where human and sparse cannot be told apart."""
        means = {reward.reward: reward.interval.mean for reward in self.rewards}
        if self.human_normalised is None or means["human"] == means["sparse"]:
            return None
        return (fitness - means["sparse"]) / abs(means["human"] - means["sparse"])
