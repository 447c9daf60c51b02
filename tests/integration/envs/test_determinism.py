"""A trajectory is a function of its environment's seed and actions alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from envs.card import card
from envs.engines.envpool import EnvPoolEngine
from envs.rollout import Collector
from envs.variables import Layout, Transitions
from tests.representatives import REPRESENTATIVES

MakeEngine = Callable[..., EnvPoolEngine]
Play = Callable[[Sequence[int], int], Transitions]
SEEDS = [11, 22, 33, 44, 55]
STEPS = 120


@pytest.fixture(params=REPRESENTATIVES)
def play(request: pytest.FixtureRequest, engine: MakeEngine) -> Play:
    """Plays each seed with actions of its own, in a pool of the seeds given."""
    ours = card(request.param)

    def act(seed: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        return np.random.default_rng(seed).uniform(-1, 1, (STEPS, ours.action.size)).astype(np.float32)

    def rollout(seeds: Sequence[int], threads: int) -> Transitions:
        actions = np.stack([act(seed) for seed in seeds], axis=1)
        return Collector(engine(ours, seeds, threads), Layout(ours)).collect(STEPS, lambda t, _: actions[t]).transitions

    return rollout


def same(one: Transitions, other: Transitions) -> None:
    for name in ("frames", "rewards", "terminated", "truncated", "valid", "elapsed"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


def test_a_trajectory_does_not_depend_on_who_shares_the_pool_or_in_which_place(play: Play) -> None:
    crowd = play(SEEDS, 2)
    same(play([33], 1), crowd.of(slice(2, 3)))
    same(play(SEEDS[::-1], 2).of(slice(4, 5)), crowd.of(slice(0, 1)))


def test_a_trajectory_does_not_depend_on_the_number_of_threads(play: Play) -> None:
    one, three = play(SEEDS, 1), play(SEEDS, 3)
    same(one, three)


def test_other_seeds_begin_elsewhere(play: Play) -> None:
    begun = play(SEEDS, 1).frames[0]
    assert len({frame.tobytes() for frame in begun}) == len(SEEDS)
