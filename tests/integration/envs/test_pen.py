"""What the metrics of the Shadow hand take for done: objects taken through a task, or through what only looks like it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import mujoco
import numpy as np
import pytest
from numpy.typing import NDArray

from envs.card import card
from envs.engines.engine import EngineStep
from envs.engines.gymnasium import GymnasiumEngine
from envs.rollout import Collector
from envs.variables import Floats, Layout
from sandbox import MetricValue, SandboxedMetric, check_metric

pytest.importorskip("gymnasium_robotics")

Values = NDArray[np.float64]
Script = Callable[[int, mujoco.MjData], None]
"""Called with the steps made so far, at the start and after each of them: it may put the object anywhere or push it."""
SPIN = "HandPen-spin"
LONG_AXIS, ACROSS = np.array([0.0, 0.0, 1.0]), np.array([1.0, 0.0, 0.0])
BRAKE = 0.01
"""N m s: how the model's joint of the pen resists turning, about any axis."""


class Scripted:
    """The reference environment, in which a script has its way with the object; the hand holds still."""

    def __init__(self, layout: Layout, script: Script) -> None:
        self.engine = GymnasiumEngine(layout, [0])
        self.script = script

    def reset(self) -> Floats:
        self.engine.reset()
        self.model, self.data = self.engine.simulation(0)
        self.steps = 0
        return self._shown()

    def step(self, actions: Floats) -> EngineStep:
        step = self.engine.step(actions)
        self.steps += 1
        return replace(step, frames=self._shown())

    def _shown(self) -> Floats:
        self.script(self.steps, self.data)
        mujoco.mj_forward(self.model, self.data)
        inner: Any = self.engine._environments[0].unwrapped
        return self.engine._frame(inner._get_obs(), {})[None]

    def close(self) -> None:
        self.engine.close()


def judged(name: str, metric: str, script: Script) -> tuple[MetricValue, dict[str, Floats]]:
    """What a metric says of a whole episode of the script, and the episode's variables."""
    ours = card(name)
    layout = Layout(ours)
    engine = Scripted(layout, script)
    still = np.zeros((1, ours.action.size), np.float32)
    frames = Collector(engine, layout).episodes(ours.max_steps, lambda t, shown: still).transitions.frames[:, 0]
    engine.close()
    values = {variable: np.ascontiguousarray(shown) for variable, shown in layout.values(ours.sizes, frames).items()}
    expressions = ours.metric(metric)
    checked = check_metric(expressions.score, expressions.success, ours.sizes)
    with SandboxedMetric(checked, ours.sizes, ours.max_steps + 1) as sandboxed:
        return sandboxed(values, len(frames) - 1, ours.max_steps, ours.dt), values


def turned(axis: Values, turns: float) -> Values:
    quaternion = np.zeros(4)
    mujoco.mju_axisAngle2Quat(quaternion, axis, 2 * np.pi * turns)
    return quaternion


def after(first: Values, second: Values) -> Values:
    """The product of two quaternions: a body turned by `first` in the world that then turns by `second` about its own axes."""
    product = np.zeros(4)
    mujoco.mju_mulQuat(product, first, second)
    return product


def posed(course: Callable[[int], tuple[Values, float]]) -> Script:
    """A script that holds the pen at turns from where it lay, and at a height above that, both of which the course tells."""
    began = np.zeros(7)

    def script(steps: int, data: mujoco.MjData) -> None:
        joint = data.joint("object:joint")
        if steps == 0:
            began[:] = joint.qpos
        turn, lifted = course(steps)
        joint.qpos[:3] = began[:3] + np.array([0.0, 0.0, lifted])
        joint.qpos[3:] = after(began[3:], turn)
        joint.qvel[:] = 0

    return script


def pushed(axis: Values, rate: float) -> Script:
    """A script that lifts the pen off the hand, carries its weight, and turns it about one of its own axes by a torque.

    The pen's brake balances the torque within a thousandth of a second: it then turns at a rate of torque / brake.
    """

    def script(steps: int, data: mujoco.MjData) -> None:
        joint, push = data.joint("object:joint"), data.body("object").xfrc_applied
        if steps == 0:
            joint.qpos[2] += 0.3
            joint.qvel[:] = 0
            push[:3] = [0, 0, -data.model.body("object").mass[0] * data.model.opt.gravity[2]]
        matrix = np.zeros(9)
        mujoco.mju_quat2Mat(matrix, joint.qpos[3:])
        push[3:] = matrix.reshape(3, 3) @ axis * BRAKE * 2 * np.pi * rate

    return script


def test_a_pen_that_a_torque_spins_about_its_long_axis_is_counted_right_to_one_percent() -> None:
    # 0.75 turns a second for 200 steps of 0.04 s are 6 turns
    value, values = judged(SPIN, "spin", pushed(LONG_AXIS, 0.75))
    assert value.score == pytest.approx(6.0, rel=0.01)
    assert value.success
    # and its angular velocity shows that it was this axis alone
    np.testing.assert_allclose(np.median(values["pen_angular_velocity"], axis=0), [0, 0, 1.5 * np.pi], atol=0.05)


def test_a_pen_that_a_torque_turns_end_over_end_does_not_spin() -> None:
    value, values = judged(SPIN, "spin", pushed(ACROSS, 0.75))
    assert np.median(values["pen_angular_velocity"][:, 0]) == pytest.approx(1.5 * np.pi, rel=0.01)
    assert value.score == pytest.approx(0.0, abs=0.01)
    assert not value.success


@pytest.mark.parametrize("rate", [2.5, -2.5, 10.0])
def test_turns_are_counted_either_way_and_up_to_almost_half_a_turn_a_step(rate: float) -> None:
    # 10 turns a second are 0.4 turns in a step of 0.04 s
    value, values = judged(SPIN, "spin", posed(lambda steps: (turned(LONG_AXIS, rate * 0.04 * steps), 0.0)))
    assert value.score == pytest.approx(abs(rate) * 8.0, rel=1e-4)
    assert values["pen_turns"][-1] == pytest.approx(rate * 8.0, rel=1e-4)
    assert value.success


def test_a_pen_that_spins_while_it_twirls_is_counted_by_its_own_axis() -> None:
    # end over end twice about an axis across the pen, and three turns about the pen itself
    def course(steps: int) -> tuple[Values, float]:
        return after(turned(ACROSS, 2 * steps / 200), turned(LONG_AXIS, 3 * steps / 200)), 0.0

    value, _ = judged(SPIN, "spin", posed(course))
    assert value.score == pytest.approx(3.0, rel=0.01)
    assert value.success


def test_a_pen_that_only_twirls_does_not_spin() -> None:
    value, _ = judged(SPIN, "spin", posed(lambda steps: (turned(ACROSS, 0.02 * steps), 0.0)))
    assert value.score == pytest.approx(0.0, abs=1e-3)
    assert not value.success


def test_a_pen_that_only_wobbles_does_not_spin() -> None:
    # its end goes round a circle, 30 degrees from where it pointed, once a second: eight times, and a part of a turn each time
    # would be counted about its own axis
    def course(steps: int) -> tuple[Values, float]:
        angle = 2 * np.pi * steps * 0.04
        return turned(np.array([np.cos(angle), np.sin(angle), 0.0]), 30 / 360), 0.0

    value, values = judged(SPIN, "spin", posed(course))
    assert np.abs(values["pen_turns"]).max() > 1.0
    assert value.score < 0.1
    assert not value.success


def test_a_pen_that_rocks_to_and_fro_counts_by_its_furthest_turn() -> None:
    # 0.4 turns either way
    value, _ = judged(SPIN, "spin", posed(lambda steps: (turned(LONG_AXIS, 0.4 * np.sin(0.3 * steps)), 0.0)))
    assert value.score == pytest.approx(0.4, abs=0.01)
    assert not value.success


def test_a_pen_that_lies_still_does_not_spin() -> None:
    value, _ = judged(SPIN, "spin", lambda steps, data: None)
    assert value.score == pytest.approx(0.0, abs=0.03)
    assert not value.success


def test_turns_after_the_pen_has_dropped_do_not_count_and_it_is_no_success() -> None:
    # it spins by 0.02 turns a step and from step 100 on lies on the floor, 0.3 m lower: 2 turns less one step's
    def course(steps: int) -> tuple[Values, float]:
        return turned(LONG_AXIS, 0.02 * steps), 0.0 if steps < 100 else -0.3

    value, values = judged(SPIN, "spin", posed(course))
    assert values["pen_turns"][-1] == pytest.approx(4.0, rel=1e-4)
    assert value.score == pytest.approx(1.98, rel=1e-3)
    assert not value.success


def test_a_pen_that_is_picked_up_again_counts_as_dropped() -> None:
    def course(steps: int) -> tuple[Values, float]:
        return turned(LONG_AXIS, 0.02 * steps), -0.3 if 20 <= steps < 30 else 0.0

    value, _ = judged(SPIN, "spin", posed(course))
    assert value.score == pytest.approx(0.38, rel=1e-3)
    assert not value.success


def to_the_goal(name: str, off: Values, lifted: float = 0.0) -> MetricValue:
    """An object that lies all along as the goal says, but for a turn about its own axes."""
    ours = card(name)
    layout = Layout(ours)
    engine = GymnasiumEngine(layout, [0])
    goal = layout.variable("goal_orientation", engine.reset())[0].astype(np.float64)
    engine.close()

    def script(steps: int, data: mujoco.MjData) -> None:
        joint = data.joint("object:joint")
        # a quaternion and its negative are the same orientation
        joint.qpos[3:] = after(goal, off) * (-1) ** steps
        joint.qpos[2] = 0.2 + lifted
        joint.qvel[:] = 0

    return judged(name, "alignment", script)[0]


BLOCKS = [f"HandManipulateBlockRotate{how}-v1" for how in ("Parallel", "XYZ", "Z")]
PEN = "HandManipulatePenRotate-v1"


@pytest.mark.parametrize("name", [BLOCKS[0], PEN])
def test_an_object_is_judged_by_the_angle_to_its_goal(name: str) -> None:
    # turns of 0.08 rad and of 0.5 rad, across the pen; success is within 0.1 rad
    near, far = (to_the_goal(name, turned(ACROSS, angle / (2 * np.pi))) for angle in (0.08, 0.5))
    assert (near.score, far.score) == pytest.approx((-0.08, -0.5), abs=2e-3)
    assert (near.success, far.success) == (True, False)


@pytest.mark.parametrize(("name", "right"), [(BLOCKS[1], False), (PEN, True)])
def test_a_turn_about_the_long_axis_matters_to_a_block_and_not_to_a_pen(name: str, right: bool) -> None:
    value = to_the_goal(name, turned(LONG_AXIS, 1 / 4))
    assert value.score == pytest.approx(0.0 if right else -np.pi / 2, abs=2e-3)
    assert value.success is right


@pytest.mark.parametrize("name", [BLOCKS[2], PEN])
def test_an_object_that_has_dropped_is_half_a_turn_away_however_it_lies(name: str) -> None:
    value = to_the_goal(name, turned(LONG_AXIS, 0.0), lifted=-0.3)
    assert value.score == pytest.approx(-np.pi)
    assert not value.success


def test_a_pen_that_points_the_other_way_is_half_a_turn_away() -> None:
    value = to_the_goal(PEN, turned(ACROSS, 1 / 2))
    assert value.score == pytest.approx(-np.pi, abs=2e-3)
    assert not value.success
