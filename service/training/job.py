"""What goes into the training of a population and what comes out of it, as values that travel between processes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from envs.card import EnvCard
from service.schema import CurvePoint, Fitness, RewardKind, TrainingConfig, TrainingResult

MOST_SEGMENTS = 10


@dataclass(frozen=True)
class Member:
    """One policy to be trained: `id` names its training, `seed` decides all its randomness, `source` is a candidate's code."""

    id: str
    reward: RewardKind
    seed: int
    source: str | None = None


@dataclass(frozen=True)
class TrainingJob:
    """A population to train; members with a checkpoint go on from it, the others begin. `steps` are each member's budget."""

    card: EnvCard
    fitness: Fitness
    config: TrainingConfig
    steps: int
    members: tuple[Member, ...]
    checkpoints: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class SegmentDone:
    """A member came to the end of a segment; with `checkpoint` its training can go on from here, anywhere.

    `environment_steps` are all that were spent on the segment, those of its evaluation included.
    """

    member_id: str
    point: CurvePoint
    checkpoint: bytes
    environment_steps: int


@dataclass(frozen=True)
class MemberFinished:
    """A member is trained: `policy` is the best one it had, as safetensors."""

    member_id: str
    result: TrainingResult
    policy: bytes
    environment_steps: int


@dataclass(frozen=True)
class MemberFailed:
    """A member's reward is at fault and its training ends here; `reason` says how."""

    member_id: str
    reason: str


Progress = SegmentDone | MemberFinished | MemberFailed


@dataclass(frozen=True)
class SegmentPlan:
    """How a budget is cut: `segments` of `rollouts` each, `rollout_length` steps of every environment to a rollout."""

    segments: int
    rollouts: int
    rollout_length: int
    environments: int

    @property
    def steps_per_segment(self) -> int:
        """Environment steps of one member in one segment."""
        return self.rollouts * self.rollout_length * self.environments

    @property
    def updates(self) -> int:
        """Updates of one member over its whole training."""
        return self.segments * self.rollouts


def plan_segments(max_steps: int, config: TrainingConfig, steps: int) -> SegmentPlan:
    """Cuts a budget into at most ten segments, each long enough for two full episodes in every environment.

    What does not fill a whole rollout in every segment is left unused. Raises ValueError below one segment.
    """
    per_rollout = config.rollout_length * config.environments
    shortest = -(-2 * max_steps // config.rollout_length)
    rollouts = steps // per_rollout
    if rollouts < shortest:
        raise ValueError(f"expected at least {shortest * per_rollout} steps (one segment), got {steps}")
    segments = min(rollouts // shortest, MOST_SEGMENTS)
    return SegmentPlan(segments, rollouts // segments, config.rollout_length, config.environments)
