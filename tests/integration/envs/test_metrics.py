"""The fitness expressions of the cards, computed in the sandbox on episodes made by hand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from envs.card import card
from sandbox import MetricValue, SandboxedMetric, check_metric

Floats = NDArray[np.float32]


def judged(environment: str, metric: str, variables: dict[str, object], steps: int) -> MetricValue:
    """What a metric says of an episode; variables that are not given are 0."""
    ours = card(environment)
    sizes = {variable.name: variable.size for variable in ours.variables}
    expressions = ours.metric(metric)
    checked = check_metric(expressions.score, expressions.success, sizes)
    with SandboxedMetric(checked, sizes, ours.max_steps + 1) as sandboxed:
        shapes = {name: (steps + 1, size) if size else (steps + 1,) for name, size in sizes.items()}
        episode = {
            name: np.broadcast_to(np.asarray(variables.get(name, 0), np.float32), shape)
            for name, shape in shapes.items()
        }
        return sandboxed(episode, steps, ours.max_steps, ours.dt)


IN_THE_AIR: dict[str, object] = {"torso_clearance": 0.5}


def turning(turns: float, steps: int = 1000) -> Floats:
    return np.linspace(0.1, 0.1 + 2 * np.pi * turns, steps + 1).astype(np.float32)


def test_one_turn_backwards_is_one_back_flip() -> None:
    # positive leans forward, so a back flip takes the angle from 0.1 to 0.1 - 2 pi, and a little over
    value = judged(
        "Hopper-backflip", "back_flips", IN_THE_AIR | {"torso_angle": turning(-1.001), "torso_height": 1.2}, 1000
    )
    assert value.score == pytest.approx(1.0, abs=0.002)
    assert value.success


def test_a_flip_that_ends_on_the_ground_is_no_success() -> None:
    value = judged(
        "Hopper-backflip", "back_flips", IN_THE_AIR | {"torso_angle": turning(-1.001), "torso_height": 0.3}, 1000
    )
    assert value.score == pytest.approx(1.0, abs=0.002)
    assert not value.success


def test_a_flip_forwards_is_none() -> None:
    value = judged(
        "Hopper-backflip", "back_flips", IN_THE_AIR | {"torso_angle": turning(1.5), "torso_height": 1.2}, 1000
    )
    assert value == MetricValue(0.0, False)


def test_half_a_turn_backwards_and_up_again_is_half_a_flip() -> None:
    angle = np.concatenate([turning(-0.5, 500), turning(-0.5, 500)[-2::-1]])
    value = judged("Hopper-backflip", "back_flips", IN_THE_AIR | {"torso_angle": angle, "torso_height": 1.2}, 1000)
    assert value.score == pytest.approx(0.5, abs=1e-6)
    assert not value.success


def test_the_hoppers_speed_is_over_the_whole_time_limit() -> None:
    # 12 m in 1000 steps of 0.008 s are 1.5 m/s; the fall after 100 steps got 1.2 m far, which is 0.15 m/s
    run = judged("Hopper-v5", "forward_speed", {"x_position": np.linspace(1, 13, 1001)}, 1000)
    fall = judged("Hopper-v5", "forward_speed", {"x_position": np.linspace(1, 2.2, 101)}, 100)
    assert run.score == pytest.approx(1.5, rel=1e-5)
    assert run.success
    assert fall.score == pytest.approx(0.15, rel=1e-5)
    assert not fall.success


def test_the_hopper_stands_for_the_seconds_that_it_is_high_and_slow() -> None:
    # 501 of the 1001 states are high: 501 * 0.008 s, which is no success; 951 of them are
    height = np.where(np.arange(1001) <= 500, 1.2, 0.8)
    value = judged("Hopper-v5", "stand", {"torso_height": height}, 1000)
    longer = judged("Hopper-v5", "stand", {"torso_height": np.where(np.arange(1001) <= 950, 1.2, 0.8)}, 1000)
    assert value.score == pytest.approx(4.008, rel=1e-5)
    assert (value.success, longer.success) == (False, True)


def test_the_cheetahs_speed_is_its_way_over_its_time() -> None:
    # 150 m in 1000 steps of 0.05 s are 3 m/s
    value = judged("HalfCheetah-v5", "forward_speed", {"x_position": np.linspace(-0.05, 149.95, 1001)}, 1000)
    assert value.score == pytest.approx(3.0, rel=1e-5)
    assert value.success


@pytest.mark.parametrize(("name", "far"), [("Walker2d-v5", 8.0), ("Ant-v5", 50.0)])
def test_who_walks_is_judged_by_the_way_over_the_time_limit_and_by_not_falling(name: str, far: float) -> None:
    # 1000 steps of 0.008 s (walker) and 0.05 s (ant) are 8 s and 50 s, so 1.5 m/s is a success and 0.9 m/s is none;
    # the fall after 100 steps got as far in a tenth of the time
    on_time = judged(name, "forward_speed", {"x_position": np.linspace(1, 1 + 1.5 * far, 1001)}, 1000)
    slow = judged(name, "forward_speed", {"x_position": np.linspace(1, 1 + 0.9 * far, 1001)}, 1000)
    fall = judged(name, "forward_speed", {"x_position": np.linspace(1, 1 + 1.5 * far, 101)}, 100)
    assert (on_time.score, slow.score, fall.score) == pytest.approx((1.5, 0.9, 1.5), rel=1e-5)
    assert (on_time.success, slow.success, fall.success) == (True, False, False)


def test_the_walker_stands_for_the_seconds_that_it_is_high_and_slow() -> None:
    # high in 501 of the 1001 states: 501 * 0.008 s, which is no success; 951 of them are
    height = np.where(np.arange(1001) <= 500, 1.2, 0.9)
    value = judged("Walker2d-v5", "stand", {"torso_height": height}, 1000)
    longer = judged("Walker2d-v5", "stand", {"torso_height": np.where(np.arange(1001) <= 950, 1.2, 0.9)}, 1000)
    assert value.score == pytest.approx(4.008, rel=1e-5)
    assert (value.success, longer.success) == (False, True)


def test_the_ant_lies_while_it_is_low_slow_and_near_where_it_began() -> None:
    # low in all 1001 states, but from state 601 on 2 m away: 601 * 0.05 s
    away = np.where(np.arange(1001) >= 601, 2.0, 0.0)
    position = np.stack([3 + away, np.full(1001, 4.0)], axis=1)
    value = judged("Ant-lie-down", "seconds_lying", {"torso_height": 0.25, "torso_position": position}, 1000)
    assert value.score == pytest.approx(30.05, rel=1e-5)
    assert not value.success


def test_the_ant_has_lain_down_where_it_lies_low_slow_and_near_for_the_last_ten_seconds() -> None:
    def success(height: object, position: object = 0.0, velocity: object = 0.0) -> bool:
        shown = {"torso_height": height, "torso_position": position, "torso_velocity": velocity}
        return judged("Ant-lie-down", "seconds_lying", shown, 1000).success

    down, up = np.where(np.arange(1001) >= 100, 0.25, 0.6), np.where(np.arange(1001) >= 900, 0.6, 0.25)
    crawled = np.stack([np.linspace(0, 25, 1001), np.zeros(1001)], axis=1)  # 25 m in 50 s are 0.5 m/s
    assert success(down)
    assert not success(up)
    assert not success(0.25, crawled, [0.5, 0.0, 0.0])
    assert not success(0.25, velocity=[0.0, 0.5, 0.0])  # shuffling on the spot


def test_the_arm_is_judged_by_its_last_distance_to_the_goal() -> None:
    # (0.3, 0.4, 0) from the goal is 0.5 m; within 5 cm is a success
    far = judged("FetchReach-v4", "closeness", {"gripper_position": [1.3, 0.4, 0.5], "goal": [1.0, 0.0, 0.5]}, 50)
    near = judged("FetchReach-v4", "closeness", {"gripper_position": [1.03, 0.0, 0.5], "goal": [1.0, 0.0, 0.5]}, 50)
    assert far.score == pytest.approx(-0.5, rel=1e-5)
    assert not far.success
    assert near.score == pytest.approx(-0.03, rel=1e-4)
    assert near.success
