"""Small trainings of the Hopper, a few seconds each, and what they report in a form that can be compared bit for bit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from envs.card import card
from service.schema import Fitness, PPOConfig, TrainingConfig
from service.training.job import (
    ClusterProgress,
    Member,
    MemberFailed,
    MemberFinished,
    PopulationResubmitted,
    SegmentDone,
    TrainingJob,
    code_of,
    metric_of,
)
from service.training.population import Population

RUN_FORWARD = """
def compute_reward(forward_velocity, torso_height, action, terminated):
    speed = forward_velocity
    alive = 1.0 - terminated
    effort = -0.001 * np.sum(np.square(action), axis=-1)
    return speed + alive + effort, {"speed": speed, "alive": alive, "effort": effort}
"""

HOPPER = card("Hopper-v5")
SMALL = TrainingConfig(
    environments=2,
    rollout_length=300,
    evaluation_episodes=2,
    confirmation_episodes=2,
    comparison_seeds=2,
    ppo=PPOConfig(hidden_sizes=(16,), epochs=2, minibatch_size=100),
)
SEGMENT = 4200  # two episodes of at most 1000 steps in each of two environments, in seven rollouts of 300 steps
OURS = Member("ours", 7, code_of(HOPPER, "candidate", RUN_FORWARD))


def job_of(
    *members: Member,
    segments: int = 3,
    checkpoints: Mapping[str, bytes] | None = None,
    config: TrainingConfig = SMALL,
) -> TrainingJob:
    metric = HOPPER.metric("forward_speed")
    return TrainingJob(
        card=HOPPER,
        metric=metric_of(HOPPER, Fitness(name=metric.name, score=metric.score, success=metric.success)),
        config=config,
        steps=segments * SEGMENT,
        members=members,
        checkpoints=checkpoints or {},
    )


class Outcome:
    """What was reported, by member: checkpoints by segment, curve without its clock, and the policy."""

    def __init__(self, progress: Iterable[ClusterProgress]) -> None:
        self.checkpoints: dict[str, dict[int, bytes]] = {}
        self.curves: dict[str, list[str]] = {}
        self.policies: dict[str, bytes] = {}
        self.results: dict[str, str] = {}
        self.failures: dict[str, str] = {}
        self.losses: list[PopulationResubmitted] = []
        for one in progress:
            match one:
                case SegmentDone():
                    self.checkpoints.setdefault(one.member_id, {})[one.point.segment] = one.checkpoint
                    point = one.point.model_copy(update={"steps_per_second": 0.0})
                    self.curves.setdefault(one.member_id, []).append(point.model_dump_json())
                case MemberFinished():
                    self.policies[one.member_id] = one.policy
                    self.results[one.member_id] = one.result.model_dump_json()
                case MemberFailed():
                    self.failures[one.member_id] = one.reason
                case PopulationResubmitted():
                    self.losses.append(one)


def train(job: TrainingJob) -> Outcome:
    """Trains in this process, without Ray."""
    return Outcome(Population(job, threads=2).train())


def same(one: Outcome, other: Outcome, member: str = "ours") -> None:
    """Equality of bits; curves are lists, so a point that is lost or comes twice makes a difference."""
    assert one.checkpoints[member] == other.checkpoints[member]
    assert one.curves[member] == other.curves[member]
    assert one.policies[member] == other.policies[member]
    assert one.results[member] == other.results[member]
