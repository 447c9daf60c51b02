"""A training is a function of its member alone: not of its neighbours, and not of how often it was interrupted.

Everything else trusts this, so equality here is of bits: of checkpoints (weights, optimizer, moments, random key), of curves,
of policies and of results.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping

import psutil
import pytest

from envs.card import card
from sandbox import CheckedReward
from service.schema import Fitness, PPOConfig, TrainingConfig
from service.training.cluster import Cluster
from service.training.errors import TrainingStopped, WorkerLost
from service.training.job import (
    Member,
    MemberFailed,
    MemberFinished,
    Progress,
    SegmentDone,
    TrainingJob,
    code_of,
    metric_of,
)
from service.training.population import Population
from tests.adversary.unchecked import unchecked

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
    rollout_length=250,
    evaluation_episodes=2,
    confirmation_episodes=2,
    comparison_seeds=2,
    ppo=PPOConfig(hidden_sizes=(16,), epochs=2, minibatch_size=100),
)
SEGMENT = 4000  # two episodes of at most 1000 steps in each of two environments


NAN_AFTER_A_WHILE = """
def compute_reward(torso_height, time):
    risky = np.sqrt(0.05 - time)
    return risky, {"risky": risky}
"""
OURS = Member("ours", 7, code_of(HOPPER, "candidate", RUN_FORWARD))


def job_of(*members: Member, segments: int = 3, checkpoints: Mapping[str, bytes] | None = None) -> TrainingJob:
    metric = HOPPER.metric("forward_speed")
    return TrainingJob(
        card=HOPPER,
        metric=metric_of(HOPPER, Fitness(name=metric.name, score=metric.score, success=metric.success)),
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


def train(job: TrainingJob) -> Outcome:
    return Outcome(list(Population(job, threads=2).train()))


@pytest.fixture(scope="module")
def alone() -> Outcome:
    """The member every test compares with: trained by itself, undisturbed."""
    return train(job_of(OURS))


def same(one: Outcome, other: Outcome, member: str = "ours") -> None:
    assert one.checkpoints[member] == other.checkpoints[member]
    assert one.curves[member] == other.curves[member]
    assert one.policies[member] == other.policies[member]
    assert one.results[member] == other.results[member]


def test_a_member_trained_beside_others_is_the_member_trained_alone(alone: Outcome) -> None:
    crowd = [Member(f"human-{seed}", seed, None) for seed in range(8)]
    beside = train(job_of(*crowd[:3], OURS, *crowd[3:]))  # nine members: more than one bucket of eight
    same(beside, alone)


def test_two_seeds_of_one_reward_are_two_trainings(alone: Outcome) -> None:
    other = Member("other seed", 8, OURS.code)
    assert train(job_of(other)).policies["other seed"] != alone.policies["ours"]


@pytest.mark.parametrize("segment", [0, 1, 2])
def test_a_training_continued_from_any_checkpoint_ends_as_the_undisturbed_one(alone: Outcome, segment: int) -> None:
    continued = train(job_of(OURS, checkpoints={"ours": alone.checkpoints["ours"][segment]}))
    assert continued.curves.get("ours", []) == alone.curves["ours"][segment + 1 :]
    assert continued.policies == alone.policies
    assert continued.results == alone.results


def test_members_at_different_segments_train_in_one_population(alone: Outcome) -> None:
    late = Member("late", 3, None)
    together = train(job_of(late, OURS, checkpoints={"ours": alone.checkpoints["ours"][1]}))
    assert together.policies["ours"] == alone.policies["ours"]
    assert together.policies["late"] == train(job_of(late)).policies["late"]


HOSTILE = {
    "dies": ("import os", "os._exit(3)"),
    "breaks out": ("open('/etc/passwd')",),
    "bursts": ("import numpy", "hoard = [numpy.ones((1 << 20, 64)) for _ in range(64)]"),
    "lies": ("import os", "os.write(1, bytes(32))"),
    "answers twice": ("import os, struct", "os.write(1, struct.pack('<IIIIdd', 1, 4, 0, 0, 0.0, 0.0))"),
    "hangs": ("while True: pass",),
}


def past_the_syntax_layer(*lines: str) -> CheckedReward:
    """A reward that nobody checked, with full builtins, that attacks in its first call."""
    body = "".join(f"    {line}\n" for line in lines)
    source = f"def compute_reward(torso_height):\n{body}    return torso_height, {{'height': torso_height}}\n"
    return unchecked(source, ("torso_height",))


def test_members_whose_code_dies_bursts_lies_or_hangs_end_alone(alone: Outcome) -> None:
    hostile = [Member(name, 1, past_the_syntax_layer(*lines)) for name, lines in HOSTILE.items()]
    beside = train(job_of(*hostile[:3], OURS, *hostile[3:]))
    failed = {one.member_id: one.reason for one in beside.progress if isinstance(one, MemberFailed)}
    assert failed.keys() == HOSTILE.keys()
    assert "asked the kernel" in failed["breaks out"]
    assert "memory" in failed["bursts"]
    assert "no answer within" in failed["hangs"]
    same(beside, alone)


def test_a_reward_that_turns_nan_ends_its_member_and_no_other(alone: Outcome) -> None:
    beside = train(job_of(Member("faulty", 1, code_of(HOPPER, "candidate", NAN_AFTER_A_WHILE)), OURS))
    failed = [one for one in beside.progress if isinstance(one, MemberFailed)]
    assert [one.member_id for one in failed] == ["faulty"]
    assert "finite" in failed[0].reason
    same(beside, alone)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with Cluster(cores=2) as cluster:
        yield cluster


def test_a_worker_killed_in_the_middle_and_submitted_again_ends_as_the_undisturbed_one(
    cluster: Cluster, alone: Outcome
) -> None:
    checkpoints: dict[str, bytes] = {}
    received: list[Progress] = []
    kills = 0
    while True:
        try:
            for progress in cluster.train(job_of(OURS, checkpoints=dict(checkpoints)), lambda: False):
                received.append(progress)
                if isinstance(progress, SegmentDone):
                    checkpoints["ours"] = progress.checkpoint
                    if kills < 2:
                        kills += 1
                        _kill_training_workers()
        except WorkerLost:
            continue
        break
    assert kills == 2
    outcome = Outcome(received)
    assert outcome.curves["ours"] == alone.curves["ours"]  # no point lost, none twice
    assert outcome.policies == alone.policies


def test_a_stopped_training_goes_on_where_it_was(cluster: Cluster, alone: Outcome) -> None:
    received: list[Progress] = []
    with pytest.raises(TrainingStopped):
        received.extend(cluster.train(job_of(OURS), lambda: bool(received)))
    last = received[-1]
    assert isinstance(last, SegmentDone)
    rest = list(cluster.train(job_of(OURS, checkpoints={"ours": last.checkpoint}), lambda: False))
    assert Outcome(received + rest).policies == alone.policies


def _kill_training_workers() -> None:
    """SIGKILL for every Ray worker below this process that runs a training."""
    killed = 0
    for process in psutil.Process().children(recursive=True):
        if process.name().startswith("ray::_train"):
            os.kill(process.pid, signal.SIGKILL)
            killed += 1
    assert killed, "expected a Ray worker that runs a training"
