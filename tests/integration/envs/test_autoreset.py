"""What the collector takes for granted of EnvPool: ends, resets and time limits, in the real environments."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from envs.card import card
from envs.engines.envpool import EnvPoolEngine
from envs.rollout import Collector
from envs.variables import Layout, Transitions
from tests.representatives import REPRESENTATIVES

MakeEngine = Callable[..., EnvPoolEngine]
HOPPER = card("Hopper-v5")


def noise(steps: int, environments: int, size: int, seed: int = 0) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.random.default_rng(seed).uniform(-1, 1, (steps, environments, size)).astype(np.float32)


@pytest.fixture
def hops(engine: MakeEngine) -> Transitions:
    """400 random steps of four Hoppers, which fall every 20 or so."""
    actions = noise(400, 4, 3)
    return Collector(engine(HOPPER, [1, 2, 3, 4]), Layout(HOPPER)).collect(400, lambda t, _: actions[t]).transitions


def healthy(
    frames: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """What the card says of endings: the torso is above 0.7 m, leans by less than 0.2 rad, and nothing leaves 100."""
    layout = Layout(HOPPER)
    return (
        (layout.variable("torso_height", frames) > 0.7)
        & (np.abs(layout.variable("torso_angle", frames)) < 0.2)
        & (np.abs(frames[..., 2:]) < 100).all(axis=-1)
    )


def test_the_frame_of_the_step_that_ended_is_the_fallen_hopper(hops: Transitions) -> None:
    after = hops.frames[1:]
    assert hops.terminated.sum() > 20
    assert not healthy(after)[hops.terminated].any()
    assert healthy(after)[hops.valid & ~hops.terminated].all()


def test_the_step_after_an_end_only_resets(hops: Transitions) -> None:
    resets = ~hops.valid
    ended = hops.terminated | hops.truncated
    np.testing.assert_array_equal(resets[1:], ended[:-1])
    assert not ended[resets].any()
    assert (hops.rewards[resets] == 0).all()
    # a first frame: the model's own pose, each joint and each velocity moved by at most 0.005
    start = np.array([0, 1.25, *[0] * 10])
    assert np.abs(hops.frames[1:][resets] - start).max() <= 0.005 + 1e-6


def test_the_position_of_a_first_frame_is_where_the_episode_begins(hops: Transitions) -> None:
    x = Layout(HOPPER).variable("x_position", hops.frames)
    # noise of up to 0.005 m, and none exactly 0 as EnvPool's info would say
    assert (x[1:][~hops.valid] != 0).all()
    moved = np.abs(x[1:] - x[:-1])[hops.valid]
    # 10 m/s, the most a Hopper does, are 0.08 m in a step of 0.008 s
    assert moved.max() < 0.08


def test_the_action_of_the_step_that_only_resets_does_nothing(engine: MakeEngine, hops: Transitions) -> None:
    actions = np.where(hops.valid[..., None], hops.actions, np.float32(1))
    other = Collector(engine(HOPPER, [1, 2, 3, 4]), Layout(HOPPER)).collect(400, lambda t, _: actions[t]).transitions
    assert (other.actions != hops.actions).any()
    np.testing.assert_array_equal(other.frames, hops.frames)


@pytest.mark.parametrize("name", [name for name in REPRESENTATIVES if card(name).fixed_horizon])
def test_an_episode_that_nothing_ends_early_is_truncated_after_max_steps(engine: MakeEngine, name: str) -> None:
    ours = card(name)
    actions = noise(ours.max_steps + 5, 1, ours.action.size)
    transitions = (
        Collector(engine(ours, [5]), Layout(ours)).collect(ours.max_steps + 5, lambda t, _: actions[t]).transitions
    )
    assert np.flatnonzero(transitions.truncated).tolist() == [ours.max_steps - 1]
    assert not transitions.terminated.any()
    assert transitions.elapsed[ours.max_steps - 1, 0] == ours.max_steps
    assert np.flatnonzero(~transitions.valid).tolist() == [ours.max_steps]


def test_a_fall_in_the_last_step_allowed_is_told_as_a_truncation(engine: MakeEngine, hops: Transitions) -> None:
    fall = int(np.flatnonzero(hops.terminated[:, 0])[0]) + 1
    shorter = HOPPER.model_copy(update={"max_steps": fall})
    actions = noise(400, 4, 3)
    short = Collector(engine(shorter, [1]), Layout(shorter)).collect(fall, lambda t, _: actions[t, :1]).transitions
    assert not healthy(short.frames[-1, 0])
    assert (short.terminated[-1, 0], short.truncated[-1, 0]) == (False, True)


def test_what_a_card_may_switch_off_ends_no_episode(engine: MakeEngine) -> None:
    assert HOPPER.ending.switch_off is not None
    arguments = HOPPER.engine.arguments | HOPPER.ending.switch_off
    ours = HOPPER.model_copy(update={"engine": HOPPER.engine.model_copy(update={"arguments": arguments})})
    actions = noise(200, 2, 3)
    transitions = Collector(engine(ours, [1, 2]), Layout(ours)).collect(200, lambda t, _: actions[t]).transitions
    assert not healthy(transitions.frames).all()
    assert transitions.valid.all()


def test_a_goal_stays_for_an_episode_and_is_drawn_anew_for_the_next(engine: MakeEngine) -> None:
    ours = card("FetchReach-v4")
    layout = Layout(ours)
    actions = noise(105, 3, 4)
    transitions = Collector(engine(ours, [1, 2, 3]), layout).collect(105, lambda t, _: actions[t]).transitions
    goals = layout.variable("goal", transitions.frames)
    stays = (goals[1:] == goals[:-1]).all(axis=-1)
    np.testing.assert_array_equal(stays, transitions.valid)
    assert (~transitions.valid).sum() == 2 * 3  # each of three environments has reset after 50 and after 101 steps
