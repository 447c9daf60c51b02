from collections.abc import Callable, Mapping

import pytest

from envs.card import card
from service.schema import Fitness, PPOConfig, TrainingConfig
from service.training.job import Member, MemberFinished, Progress, SegmentDone, TrainingJob
from service.training.population import Population

RUN_FORWARD = """
def compute_reward(forward_velocity, torso_height, action, terminated):
    speed = forward_velocity
    alive = 1.0 - terminated
    effort = -0.001 * np.sum(np.square(action), axis=-1)
    return speed + alive + effort, {"speed": speed, "alive": alive, "effort": effort}
"""

SMALL = TrainingConfig(
    environments=2,
    rollout_length=250,
    evaluation_episodes=2,
    confirmation_episodes=2,
    comparison_seeds=2,
    ppo=PPOConfig(hidden_sizes=(16,), epochs=2, minibatch_size=100),
)
SEGMENT = 4000  # two episodes of at most 1000 steps in each of two environments


def job_of(*members: Member, segments: int = 3, checkpoints: Mapping[str, bytes] | None = None) -> TrainingJob:
    hopper = card("Hopper-v5")
    metric = hopper.metric("forward_speed")
    return TrainingJob(
        card=hopper,
        fitness=Fitness(name=metric.name, score=metric.score, success=metric.success),
        config=SMALL,
        steps=segments * SEGMENT,
        members=members,
        checkpoints=checkpoints or {},
    )


class Outcome:
    """What a population reported, by member: checkpoints by segment, curve without its clock, and the policy."""

    def __init__(self, progress: list[Progress]) -> None:
        self.progress = progress
        self.checkpoints: dict[str, dict[int, bytes]] = {}
        self.curves: dict[str, list[str]] = {}
        self.policies: dict[str, bytes] = {}
        self.results: dict[str, str] = {}
        for one in progress:
            if isinstance(one, SegmentDone):
                self.checkpoints.setdefault(one.member_id, {})[one.point.segment] = one.checkpoint
                point = one.point.model_copy(update={"steps_per_second": 0.0})
                self.curves.setdefault(one.member_id, []).append(point.model_dump_json())
            elif isinstance(one, MemberFinished):
                self.policies[one.member_id] = one.policy
                self.results[one.member_id] = one.result.model_dump_json()


@pytest.fixture(scope="session")
def train() -> Callable[[TrainingJob], Outcome]:
    return lambda job: Outcome(list(Population(job, threads=2).train()))


@pytest.fixture(scope="session")
def alone(train: Callable[[TrainingJob], Outcome]) -> Outcome:
    """The member every test compares with: trained by itself, undisturbed."""
    return train(job_of(Member("ours", "candidate", 7, RUN_FORWARD)))


@pytest.fixture(scope="session")
def make_job() -> Callable[..., TrainingJob]:
    return job_of


@pytest.fixture(scope="session")
def ours() -> Member:
    return Member("ours", "candidate", 7, RUN_FORWARD)
