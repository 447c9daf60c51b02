"""A training is a function of its member alone: not of its neighbours, and not of how often it was interrupted.

Everything else trusts this, so equality here is of bits: of checkpoints (weights, optimizer, moments, random key), of curves,
of policies and of results.
"""

from __future__ import annotations

import pytest

from sandbox import CheckedReward
from service.training.job import Member, code_of
from tests.adversary.unchecked import unchecked
from tests.integration.training.small_jobs import HOPPER, OURS, Outcome, job_of, same, train

NAN_AFTER_A_WHILE = """
def compute_reward(torso_height, time):
    risky = np.sqrt(0.05 - time)
    return risky, {"risky": risky}
"""


@pytest.fixture(scope="module")
def alone() -> Outcome:
    """The member every test compares with: trained by itself, undisturbed."""
    return train(job_of(OURS))


def test_a_member_trained_beside_others_is_the_member_trained_alone(alone: Outcome) -> None:
    crowd = [Member(f"human-{seed}", seed, None) for seed in range(8)]
    beside = train(job_of(*crowd[:3], OURS, *crowd[3:]))  # nine members, in two lanes
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
    assert beside.failures.keys() == HOSTILE.keys()
    assert "asked the kernel" in beside.failures["breaks out"]
    assert "memory" in beside.failures["bursts"]
    assert "no answer within" in beside.failures["hangs"]
    same(beside, alone)


def test_a_reward_that_turns_nan_ends_its_member_and_no_other(alone: Outcome) -> None:
    beside = train(job_of(Member("faulty", 1, code_of(HOPPER, "candidate", NAN_AFTER_A_WHILE)), OURS))
    assert beside.failures.keys() == {"faulty"}
    assert "finite" in beside.failures["faulty"]
    same(beside, alone)


# What a member's code does from its twelfth call on: a segment has seven rollouts and one evaluation, so in the second.
LATE_FAULTS = {
    "turns NaN": ("torso_height * float('nan')", "finite"),
    "explodes": ("torso_height * 2e38", "diverged"),
    "is so large that its variance is not a number": ("torso_height * 1e30", "diverged"),
    "raises": ("[][0]", "IndexError"),
    "hangs": ("sum(1 for _ in iter(int, 1))", "no answer within"),
}


def good_at_first(then: str) -> CheckedReward:
    source = (
        "CALLS = []\n"
        "def compute_reward(torso_height):\n"
        "    CALLS.append(1)\n"
        f"    value = torso_height if len(CALLS) < 12 else {then}\n"
        "    return value, {'height': value}\n"
    )
    return unchecked(source, ("torso_height",))


def test_members_whose_rewards_go_wrong_in_the_middle_of_a_training_end_alone_with_their_reasons(
    alone: Outcome,
) -> None:
    faulty = [Member(name, 1, good_at_first(then)) for name, (then, _) in LATE_FAULTS.items()]
    beside = train(job_of(*faulty[:2], OURS, *faulty[2:]))
    assert beside.failures.keys() == LATE_FAULTS.keys()
    for name, (_, reason) in LATE_FAULTS.items():
        assert reason in beside.failures[name], beside.failures[name]
        assert beside.checkpoints[name].keys() == {0}  # what it had learned before is kept
    same(beside, alone)
