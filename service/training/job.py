"""What goes into the training of a population and what comes out of it, as values that travel between processes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from envs.card import EnvCard
from service.schema import CurvePoint, Fitness, RewardKind, TrainingConfig, TrainingResult


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
