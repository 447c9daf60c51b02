"""Whose policy a training begins with."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import numpy as np
import pytest
from safetensors.numpy import save

from envs.card import card
from envs.policy_file import FORMAT
from service.evolution.warm_start import PolicyMismatch, check_policy, parent_training, policy_training
from service.schema import (
    Candidate,
    CandidateState,
    Fitness,
    PPOConfig,
    Run,
    RunRecord,
    RunRequest,
    RunState,
    Spending,
    Training,
    TrainingResult,
    TrainingState,
)

NOW = datetime(2030, 1, 1, tzinfo=UTC)
HOPPER = card("Hopper-v5")
SIZES = PPOConfig(hidden_sizes=(8, 4))


def candidate(name: str, fitness: float | None, *parents: str) -> Candidate:
    state = CandidateState.PRUNED if fitness is None else CandidateState.TRAINED
    return Candidate(
        id=name, run_id="r", iteration=1, slot=int(name[-1]), state=state, source="", origin="proposed", parents=parents,
        fitness=fitness, created_at=NOW,
    )  # fmt: skip


def training(candidate_id: str, k: int, fitness: float) -> Training:
    return Training(
        id=f"{candidate_id}-s{k}", run_id="r", candidate_id=candidate_id, reward="candidate", comparison=False, seed=k,
        state=TrainingState.FINISHED, segments=1, segments_done=1, curve=(), reason=None,
        result=TrainingResult(best_segment=0, fitness=fitness, success_rate=0.0, episodes=()),
    )  # fmt: skip


def record(*candidates: Candidate) -> RunRecord:
    """A run whose candidates a0, b1 and c2 have two seeds each, b's second the best of b's."""
    run = Run(
        id="r", request=RunRequest(task="hop", environment="Hopper-v5"), fitness=Fitness(name="f", score="0.0", success="False"),
        steps=1, state=RunState.RUNNING, reason=None, iteration=1, best_fitness=None, best_candidate_id=None, comparison=None,
        spending=Spending(), created_at=NOW, updated_at=NOW,
    )  # fmt: skip
    fitness = {"a0": (9.0, 0.0), "b1": (4.0, 6.0), "c2": (1.0, 1.0)}
    trainings = tuple(training(name, k, value) for name, values in fitness.items() for k, value in enumerate(values))
    return RunRecord(run=run, iterations=(), candidates=candidates, completions=(), trainings=trainings)


def test_of_several_parents_the_best_by_fitness_gives_its_best_seeds_policy() -> None:
    parents = candidate("a0", 4.5), candidate("b1", 5.0), candidate("c2", 1.0)
    child = candidate("d3", None, "c2", "b1", "a0")
    found = parent_training(record(*parents, child), child)
    assert found is not None
    assert found.id == "b1-s1"


@pytest.mark.parametrize("parents", [(), ("e4",), ("a0",)])
def test_without_a_trained_parent_a_training_begins_afresh(parents: tuple[str, ...]) -> None:
    child = candidate("d3", None, *parents)
    stopped = candidate("a0", None)
    assert parent_training(record(stopped, child), child) is None


def test_a_candidate_of_which_nothing_is_finished_has_no_policy() -> None:
    assert policy_training(record().trainings, "b1").id == "b1-s1"
    with pytest.raises(PolicyMismatch, match="no training is finished"):
        policy_training(record().trainings, "z9")


def policy(
    *,
    environment: str = "Hopper-v5",
    observation: str = "obs[1:12]",
    hidden: tuple[int, ...] = (8, 4),
    noise: bool = True,
) -> bytes:
    sizes = (11, *hidden, 3)
    tensors = {f"policy.{i}.weight": np.zeros((sizes[i], sizes[i + 1]), np.float32) for i in range(len(hidden) + 1)}
    tensors |= {f"policy.{i}.bias": np.zeros(sizes[i + 1], np.float32) for i in range(len(hidden) + 1)}
    tensors |= {"policy.log_std": np.zeros(3, np.float32)} if noise else {}
    tensors["observation.count"] = np.zeros((), np.float32)
    tensors["observation.mean"] = np.zeros(11, np.float32)
    described = {"format": FORMAT, "environment": environment, "observation": [observation]}
    return save(tensors, {"policy": json.dumps(described)})


def test_a_policy_of_the_same_environment_and_network_fits() -> None:
    check_policy(policy(), HOPPER, SIZES)


@pytest.mark.parametrize(
    ("other", "theirs", "ours"),
    [
        (policy(environment="HalfCheetah-v5"), "HalfCheetah-v5", "Hopper-v5"),
        (policy(observation="obs[0:12]"), r"obs\[0:12\]", r"obs\[1:12\]"),
        (policy(hidden=(8,)), r"\[8\]", r"\[8, 4\]"),
        (policy(hidden=(8, 5)), r"\[8, 5\]", r"\[8, 4\]"),
    ],
)
def test_another_policy_is_refused_with_both_sides(other: bytes, theirs: str, ours: str) -> None:
    with pytest.raises(PolicyMismatch, match=f"expected .*{ours}.* got .*{theirs}"):
        check_policy(other, HOPPER, SIZES)


def test_a_policy_without_its_exploration_noise_is_refused() -> None:
    with pytest.raises(PolicyMismatch, match="of an older version"):
        check_policy(policy(noise=False), HOPPER, SIZES)


def test_what_is_no_policy_is_refused() -> None:
    with pytest.raises(PolicyMismatch, match=r"expected a policy file of format .*, got 7 other bytes"):
        check_policy(b"weights", HOPPER, SIZES)
