"""What goes into the training of a population and what comes out of it, as values that travel between processes.

Text that others wrote is parsed and checked where a job is made, never where policies are trained: a job carries syntax
trees that have passed, and the trainer hands those on to the sandbox.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from envs.card import EnvCard
from sandbox import CheckedReward, check_metric, check_reward, check_step_expression
from service.schema import CurvePoint, Fitness, RewardKind, TrainingConfig, TrainingResult


@dataclass(frozen=True)
class Member:
    """One policy to be trained: `id` names its training, `seed` decides all its randomness, `code` gives its rewards.

    Without code it is the environment's own reward. `start`: the policy file that it begins with, None for a fresh policy.
    """

    id: str
    seed: int
    code: CheckedReward | None
    start: bytes | None = None


@dataclass(frozen=True)
class TrainingJob:
    """A population to train; members with a checkpoint go on from it, the others begin.

    `metric`: the checked fitness; `steps`: each member's budget; `until`: the segment to stop before, where others are compared
    first (None: to the end; members that stop earlier are not finished).
    """

    card: EnvCard
    metric: CheckedReward
    config: TrainingConfig
    steps: int
    members: tuple[Member, ...]
    checkpoints: Mapping[str, bytes] = field(default_factory=dict)
    until: int | None = None


def code_of(card: EnvCard, reward: RewardKind, source: str | None = None) -> CheckedReward | None:
    """The checked code of a reward: a candidate's `source`, the card's sparse expression, None for the environment's own.

    Raises `sandbox.RewardRejected`.
    """
    if reward == "human":
        return None
    if reward == "sparse":
        return check_step_expression(card.sparse_reward, card.parameters)
    return check_reward(source or "", card.parameters)


def metric_of(card: EnvCard, fitness: Fitness) -> CheckedReward:
    """The checked expressions of a fitness. Raises `sandbox.RewardRejected`."""
    return check_metric(fitness.score, fitness.success, {variable.name: variable.size for variable in card.variables})


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


@dataclass(frozen=True)
class PopulationResubmitted:
    """A worker was lost (`reason`), and what its members had left was submitted again from their last checkpoints."""

    member_ids: tuple[str, ...]
    reason: str


Progress = SegmentDone | MemberFinished | MemberFailed
"""What a population tells."""

ClusterProgress = Progress | PopulationResubmitted
"""What a cluster tells of all its populations."""
