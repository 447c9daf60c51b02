"""A training is a function of its member alone: not of its neighbours, and not of how often it was interrupted.

Everything else trusts this, so equality here is of bits: of checkpoints (weights, optimizer, moments, random key), of curves,
of policies and of results.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import psutil
import pytest

from service.training.cluster import Cluster
from service.training.errors import TrainingStopped, WorkerLost
from service.training.job import Member, MemberFailed, Progress, SegmentDone, TrainingJob

Train = Callable[[TrainingJob], "Outcome"]
NAN_AFTER_A_WHILE = """
def compute_reward(torso_height, time):
    risky = np.sqrt(0.05 - time)
    return risky, {"risky": risky}
"""


def same(one: Outcome, other: Outcome, member: str = "ours") -> None:
    assert one.checkpoints[member] == other.checkpoints[member]
    assert one.curves[member] == other.curves[member]
    assert one.policies[member] == other.policies[member]
    assert one.results[member] == other.results[member]


def test_a_member_trained_beside_others_is_the_member_trained_alone(
    train: Train, alone: Outcome, make_job, ours
) -> None:
    crowd = [Member(f"human-{seed}", "human", seed) for seed in range(8)]
    beside = train(make_job(*crowd[:3], ours, *crowd[3:]))  # nine members: more than one bucket of eight
    same(beside, alone)


def test_two_seeds_of_one_reward_are_two_trainings(train: Train, alone: Outcome, make_job, ours) -> None:
    other = Member("other seed", "candidate", 8, ours.source)
    assert train(make_job(other)).policies["other seed"] != alone.policies["ours"]


@pytest.mark.parametrize("segment", [0, 1, 2])
def test_a_training_continued_from_any_checkpoint_ends_as_the_undisturbed_one(
    train: Train, alone: Outcome, make_job, ours, segment: int
) -> None:
    continued = train(make_job(ours, checkpoints={"ours": alone.checkpoints["ours"][segment]}))
    assert continued.curves.get("ours", []) == alone.curves["ours"][segment + 1 :]
    assert continued.policies == alone.policies
    assert continued.results == alone.results


def test_members_at_different_segments_train_in_one_population(train: Train, alone: Outcome, make_job, ours) -> None:
    late = Member("late", "human", 3)
    together = train(make_job(late, ours, checkpoints={"ours": alone.checkpoints["ours"][1]}))
    assert together.policies["ours"] == alone.policies["ours"]
    assert together.policies["late"] == train(make_job(late)).policies["late"]


def test_a_reward_that_turns_nan_ends_its_member_and_no_other(train: Train, alone: Outcome, make_job, ours) -> None:
    beside = train(make_job(Member("faulty", "candidate", 1, NAN_AFTER_A_WHILE), ours))
    failed = [one for one in beside.progress if isinstance(one, MemberFailed)]
    assert [one.member_id for one in failed] == ["faulty"]
    assert "finite" in failed[0].reason
    same(beside, alone)


@pytest.fixture(scope="module")
def cluster():
    with Cluster(cores=2) as cluster:
        yield cluster


def test_a_worker_killed_in_the_middle_and_submitted_again_ends_as_the_undisturbed_one(
    cluster: Cluster, alone: Outcome, make_job, ours
) -> None:
    checkpoints: dict[str, bytes] = {}
    received: list[Progress] = []
    kills = 0
    while True:
        try:
            for progress in cluster.train(make_job(ours, checkpoints=dict(checkpoints)), lambda: False):
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
    outcome = type(alone)(received)
    assert outcome.curves["ours"] == alone.curves["ours"]  # no point lost, none twice
    assert outcome.policies == alone.policies


def test_a_stopped_training_goes_on_where_it_was(cluster: Cluster, alone: Outcome, make_job, ours) -> None:
    received: list[Progress] = []
    with pytest.raises(TrainingStopped):
        for progress in cluster.train(make_job(ours), lambda: bool(received)):
            received.append(progress)
    last = received[-1]
    assert isinstance(last, SegmentDone)
    rest = list(cluster.train(make_job(ours, checkpoints={"ours": last.checkpoint}), lambda: False))
    assert type(alone)(received + rest).policies == alone.policies


def _kill_training_workers() -> None:
    """SIGKILL for every Ray worker below this process that runs a training."""
    killed = 0
    for process in psutil.Process().children(recursive=True):
        if process.name().startswith("ray::_train"):
            os.kill(process.pid, signal.SIGKILL)
            killed += 1
    assert killed, "expected a Ray worker that runs a training"
