"""What the options of `run` become in its request."""

from __future__ import annotations

import pytest

from service.cli.request import search_request
from service.schema import HalvingConfig, PolicyOf, TrainingConfig


def training(*, training_seeds: int = 1, halving: bool = False, warm_start: str | None = None) -> TrainingConfig:
    return search_request(
        environment="Hopper-v5", task="hop", model=None, fitness=None, iterations=1, candidates=1, steps=None, seeds=5,
        training_seeds=training_seeds, halving=halving, warm_start=warm_start, seed=0, max_usd=None, max_steps=None,
        max_seconds=None,
    ).training  # fmt: skip


def test_without_options_a_training_is_the_default() -> None:
    assert training() == TrainingConfig()


def test_halving_and_seeds_are_asked_for() -> None:
    assert training(halving=True, training_seeds=3) == TrainingConfig(halving=HalvingConfig(), seeds=3)


@pytest.mark.parametrize("candidate", ["1-3", "r-0123456789-1-3"])
def test_a_policy_to_begin_with_is_named_by_run_and_candidate(candidate: str) -> None:
    found = training(warm_start=f"r-0123456789/{candidate}").warm_start
    assert found == PolicyOf(run_id="r-0123456789", candidate_id="r-0123456789-1-3")


def test_the_parent_is_named_by_its_word() -> None:
    assert training(warm_start="parent").warm_start == "parent"
