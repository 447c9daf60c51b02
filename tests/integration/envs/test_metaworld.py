"""Meta-World's tasks, solved by recorded actions: metrics against the environment's own success, and what the variables are.

`metaworld_actions.npz` holds, for each task, the actions of a scripted expert from the start that `SEED` gives, until a few steps
after its success. They are Meta-World's own scripts, run on EnvPool's observations; dial-turn's, which turns the dial too little
in Meta-World as well, is replaced by one that leads the fingers around the dial's axis.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from envs.card import EnvCard, Variable, card, cards
from envs.engines.envpool import EnvPoolEngine
from envs.rollout import Collector
from envs.variables import Layout, Transitions
from sandbox import MetricValue, SandboxedMetric, SandboxedReward, check_metric, check_step_expression

Floats = NDArray[np.float32]
MakeEngine = Callable[..., EnvPoolEngine]

SEED = 3
TASKS = sorted(name for name, one in cards().items() if one.family == "metaworld")
EXPERT, IDLE, RANDOM, OTHER_RANDOM = range(4)
FLAG = "flag"

APPROXIMATE = {
    "reach-v3": "the point between the fingertips is not shown; the hand, 0.045 m above it, is",
    "reach-wall-v3": "the point between the fingertips is not shown; the hand, 0.045 m above it, is",
    "stick-push-v3": "a grip is not shown, and EnvPool's own test of it is narrower than Meta-World's, with which the card agrees",
}
"""Tasks whose success says the same of an episode as the environment's own, but not of every step."""

STAYS = {
    "reach-v3": {"puck_position"},
    "reach-wall-v3": {"puck_position"},
}
"""What the expert has no need to move."""


@dataclass(frozen=True)
class Rollout:
    """One episode each of the expert, of doing nothing and of two of random actions, all from the same start; `own` [T + 1, 4]."""

    card: EnvCard
    layout: Layout
    transitions: Transitions
    own: NDArray[np.bool_]

    def values(self, who: int | slice) -> dict[str, Floats]:
        """Every variable of one of the four, or of some, time first."""
        return self.layout.values(self.card.sizes, self.transitions.frames[:, who])


def expert_actions(task: str) -> Floats:
    with np.load(Path(__file__).with_name("metaworld_actions.npz")) as recorded:
        actions: Floats = recorded[task].astype(np.float32)
    return actions


@cache
def rollout(task: str) -> Rollout:
    expert = expert_actions(task)
    actions = np.zeros((len(expert), 4, 4), np.float32)
    actions[:, EXPERT] = expert
    actions[:, RANDOM:] = np.random.default_rng(0).uniform(-1, 1, (len(expert), 2, 4))
    ours = card(task).model_copy(update={"max_steps": len(expert)})
    # No card may show the environment's own success; here it is what the card is held against.
    flag = Variable.model_construct(
        name=FLAG, size=0, unit="1", role="contact", source="info.success", about="Its own success."
    )
    watched = Layout(ours.model_copy(update={"variables": (*ours.variables, flag)}))
    engine = EnvPoolEngine(watched, [SEED] * 4, threads=1)
    try:
        transitions = Collector(engine, watched).episodes(len(expert), lambda t, _: actions[t]).transitions
    finally:
        engine.close()
    return Rollout(ours, watched, transitions, watched.variable(FLAG, transitions.frames) > 0)


def judged(ours: EnvCard, episode: Mapping[str, Floats], metric: SandboxedMetric) -> MetricValue:
    return metric({name: np.ascontiguousarray(episode[name]) for name in ours.sizes}, 1, ours.max_steps, ours.dt)


def sandboxed_metric(ours: EnvCard) -> SandboxedMetric:
    progress = ours.metric("progress")
    return SandboxedMetric(check_metric(progress.score, progress.success, ours.sizes), ours.sizes, ours.max_steps + 1)


@pytest.mark.parametrize("task", TASKS)
def test_the_expert_succeeds_and_scores_more_than_idle_and_random_actions(task: str) -> None:
    run = rollout(task)
    with sandboxed_metric(run.card) as metric:
        expert, *others = (judged(run.card, run.values(who), metric) for who in range(4))
    assert expert.success
    assert 0.3 < expert.score <= 1.05
    for other in others:
        assert not other.success
        assert 0.0 <= other.score + 1e-6 < expert.score - 0.1


@pytest.mark.parametrize("task", TASKS)
def test_success_is_what_the_environment_itself_calls_success(task: str) -> None:
    run = rollout(task)
    checked = check_step_expression(run.card.sparse_reward, run.card.parameters)
    inputs = run.layout.inputs(checked.parameters, run.transitions)
    with SandboxedReward(checked, run.card.parameters, run.transitions.valid.size) as reward:
        ours = reward(inputs).total.reshape(run.transitions.valid.shape) > 0
    np.testing.assert_array_equal(ours.any(axis=0), [True, False, False, False])
    np.testing.assert_array_equal(ours.any(axis=0), run.own.any(axis=0))
    if task not in APPROXIMATE:
        # a distance on the very threshold may fall on the other side as float32
        assert (ours != run.own[1:]).sum() <= 1


@pytest.mark.parametrize("task", TASKS)
def test_every_variable_has_its_size_and_is_finite(task: str) -> None:
    run = rollout(task)
    for name, size in run.card.sizes.items():
        values = run.layout.variable(name, run.transitions.frames)
        assert values.shape == run.own.shape + ((size,) if size else ()), name
        assert np.isfinite(values).all(), name
    orientations = [one.name for one in run.card.variables if one.role == "orientation"]
    for name in orientations:
        lengths = np.linalg.norm(run.layout.variable(name, run.transitions.frames), axis=-1)
        np.testing.assert_allclose(lengths, 1, atol=1e-5)


@pytest.mark.parametrize("task", TASKS)
def test_what_the_task_moves_moves_and_the_goal_does_not(task: str) -> None:
    run = rollout(task)
    expert = run.values(EXPERT)
    for name in expert.keys() - {"goal", "gripper_opening"} - STAYS.get(task, set()):
        assert np.ptp(expert[name], axis=0).max() > 0.005, name
    if task != "hammer-v3":
        goal = run.layout.variable("goal", run.transitions.frames)
        np.testing.assert_array_equal(goal, run.transitions.frames[..., 36:39])
        np.testing.assert_array_equal(goal, np.broadcast_to(goal[0, 0], goal.shape))
        assert (goal[0, 0] != 0).any()


@pytest.mark.parametrize("task", TASKS)
def test_the_policy_sees_every_variable_now_and_a_step_before(task: str) -> None:
    layout = rollout(task).layout
    # of a frame that holds its own column numbers, a variable's value is the columns it reads
    numbered = np.arange(layout.width, dtype=np.float32)
    now = {int(column) for name in card(task).sizes for column in np.atleast_1d(layout.variable(name, numbered))}
    before = {column + 18 for column in now if column < 18}
    assert set(layout.policy_columns.tolist()) == now | before


def starts(engine: EnvPoolEngine, episodes: int) -> Floats:
    """The first frames `[episodes, F]` of one environment whose card allows a single step."""
    frames = [engine.reset()[0]]
    for _ in range(episodes - 1):
        engine.step(np.zeros((1, 4), np.float32))
        frames.append(engine.step(np.zeros((1, 4), np.float32)).frames[0])
    return np.stack(frames)


@pytest.mark.parametrize("task", TASKS)
def test_every_episode_starts_with_a_goal_within_reach_that_is_not_yet_reached(engine: MakeEngine, task: str) -> None:
    ours = card(task).model_copy(update={"max_steps": 1})
    layout = Layout(ours)
    frames = starts(engine(ours, [SEED]), 4)
    values = layout.values(ours.sizes, frames)
    if task != "hammer-v3":
        assert ((values["goal"] >= [-0.5, 0.4, -0.1]) & (values["goal"] <= [0.5, 1.0, 0.5])).all()
        drawn = np.ptp(values["goal"], axis=0).max() > 0.005
        assert drawn == (task not in ("bin-picking-v3", "sweep-into-v3"))
    with sandboxed_metric(ours) as metric:
        for k in range(4):
            # an episode that never leaves its start
            value = judged(ours, {name: values[name][[k, k]] for name in values}, metric)
            assert not value.success
            assert value.score == pytest.approx(0.0, abs=1e-6)


def test_every_task_has_a_card_but_the_one_whose_goal_wanders_off(engine: MakeEngine) -> None:
    import envpool

    there = {name for name in envpool.list_all_envs() if name.startswith("MetaWorld/")}
    assert len(there) == 50
    assert there - {card(name).engine.task for name in TASKS} == {"MetaWorld/ShelfPlace-v3"}
    base = card("push-v3")
    other = base.engine.model_copy(update={"task": "MetaWorld/ShelfPlace-v3"})
    frames = starts(engine(base.model_copy(update={"engine": other, "max_steps": 1}), [SEED]), 4)
    # The shelf stands at y 0.8 to 0.9. EnvPool adds it to where the goal of the episode before was.
    assert (np.diff(frames[:, 37]) > 0.8 - 1e-6).all()


def test_the_goal_that_is_kept_from_the_hammer_wanders_while_the_nail_stays(engine: MakeEngine) -> None:
    ours = card("hammer-v3").model_copy(update={"max_steps": 1})
    frames = starts(engine(ours, [SEED]), 3)
    # The box stands at (0.24, 0.85, 0). EnvPool adds that to where the goal of the episode before was.
    np.testing.assert_allclose(np.diff(frames[:, 36:39], axis=0), [[0.24, 0.85, 0.0]] * 2, atol=1e-6)
    np.testing.assert_allclose(Layout(ours).variable("nail_position", frames), [[0.24, 0.64, 0.11]] * 3, atol=1e-4)
    assert not set(range(36, 39)) & set(Layout(ours).policy_columns.tolist())


def judged_by_hand(task: str, **variables: object) -> MetricValue:
    """What the metric says of an episode of two states; a variable with one value has it in both."""
    ours = card(task)
    episode = {
        name: np.broadcast_to(np.asarray(variables.get(name, np.zeros(max(size, 1))), np.float32), (2, max(size, 1)))
        for name, size in ours.sizes.items()
    }
    with sandboxed_metric(ours) as metric:
        shown = {name: episode[name] if size else episode[name][:, 0] for name, size in ours.sizes.items()}
        return judged(ours, shown, metric)


def test_a_drawer_is_judged_by_its_handles_distance_to_the_goal() -> None:
    # 0.19 m away at the start, then 0.095 m, which is half of it; then 0.025 m: 1 - 0.025 / 0.19
    half = judged_by_hand(
        "drawer-open-v3", drawer_handle_position=[[0, 0.73, 0.09], [0, 0.635, 0.09]], goal=[0, 0.54, 0.09]
    )
    most = judged_by_hand(
        "drawer-open-v3", drawer_handle_position=[[0, 0.73, 0.09], [0, 0.565, 0.09]], goal=[0, 0.54, 0.09]
    )
    assert half.score == pytest.approx(0.5, abs=1e-5)
    assert not half.success
    assert most.score == pytest.approx(0.86842, abs=1e-5)
    assert most.success


def test_a_closing_drawer_is_judged_by_its_way_in_though_its_handle_is_shown_higher() -> None:
    # 0.16 m to go; 0.04 m are left, so 0.75 of it; sqrt(0.04^2 + 0.05^2) = 0.064 m from the goal
    value = judged_by_hand(
        "drawer-close-v3", drawer_handle_position=[[0, 0.58, 0.14], [0, 0.70, 0.14]], goal=[0, 0.74, 0.09]
    )
    assert value.score == pytest.approx(0.75, abs=1e-5)
    assert value.success


@pytest.mark.parametrize(("height", "success"), [(0.08, True), (0.11, False)])
def test_a_nut_is_on_its_peg_when_its_ring_is_around_it(height: float, success: bool) -> None:
    # A quarter turn about z makes the nut's y axis point left, so the ring is 0.13 m to the left of the handle: at (0, 0.6, 0.02)
    # first, sqrt(0.2^2 + 0.08^2) = 0.21541 m from the goal; then 0.01 m beside the peg's axis, 0.02 m below its top or 0.01 m
    # above it.
    quarter = [np.sqrt(0.5), 0, 0, np.sqrt(0.5)]
    value = judged_by_hand(
        "assembly-v3",
        nut_handle_position=[[0.13, 0.6, 0.02], [0.14, 0.8, height]],
        nut_orientation=quarter,
        goal=[0, 0.8, 0.1],
    )
    assert value.score == pytest.approx(1 - np.hypot(0.01, height - 0.1) / 0.21541, abs=1e-4)
    assert value.success == success


def test_a_lever_is_judged_by_its_angle() -> None:
    # the axis is at y 0.7 and height 0.25; 45 of 90 degrees are half, 84 are 6 from upright
    def at(degrees: float) -> list[float]:
        return [0, 0.7 - 0.2 * np.cos(np.radians(degrees)), 0.25 + 0.2 * np.sin(np.radians(degrees))]

    half = judged_by_hand("lever-pull-v3", lever_tip_position=[at(0), at(45)], goal=[0, 0.7, 0.45])
    most = judged_by_hand("lever-pull-v3", lever_tip_position=[at(0), at(84)], goal=[0, 0.7, 0.45])
    assert (half.score, most.score) == pytest.approx((0.5, 84 / 90), abs=1e-5)
    assert (half.success, most.success) == (False, True)


def test_a_dial_is_judged_by_its_turn() -> None:
    # the axis is at y 0.7; a quarter turn brings the mark from 0.05 m before the axis to 0.05 m beside it, half of half a turn,
    # and sqrt(0.05^2 + 0.03^2 + 0.03^2) = 0.0656 m from the goal
    value = judged_by_hand("dial-turn-v3", dial_mark_position=[[0, 0.65, 0], [0.05, 0.7, 0]], goal=[0, 0.73, 0.03])
    assert value.score == pytest.approx(0.5, abs=1e-5)
    assert value.success


@pytest.mark.parametrize(("turned", "success"), [(False, True), (True, False)])
def test_a_flask_is_pulled_by_a_stick_that_is_through_its_handle(turned: bool, success: bool) -> None:
    # The end of the stick is 0.05 m to the right of its centre, so 0.01 m past the handle; turned half about z, it is
    # 0.05 m to the left. The flask went 0.18 m of 0.2 m; it is sqrt(0.02^2 + 0.112^2) = 0.114 m from the goal.
    value = judged_by_hand(
        "stick-pull-v3",
        stick_position=[[0.0, 0.6, 0.02], [0.16, 0.42, 0.132]],
        stick_orientation=[0, 0, 1, 0] if turned else [0, 0, 0, 1],
        thermos_handle_position=[[0.2, 0.6, 0.132], [0.2, 0.42, 0.132]],
        goal=[0.2, 0.4, 0.02],
    )
    assert value.score == pytest.approx(0.9, abs=1e-5)
    assert value.success == success


@pytest.mark.parametrize(("hand", "success"), [([0.415, 0.6, 0.145], True), ([0.315, 0.6, 0.145], False)])
def test_a_flask_is_pushed_by_a_stick_that_is_in_the_hand(hand: list[float], success: bool) -> None:
    # the point between the fingertips is at the stick's grip, 0.015 m to the right of its centre, or 0.1 m away from it
    value = judged_by_hand(
        "stick-push-v3",
        hand_position=hand,
        stick_position=[0.4, 0.6, 0.1],
        thermos_position=[[0.2, 0.6, 0.132], [0.4, 0.6, 0.132]],
        goal=[0.4, 0.6, 0.132],
    )
    assert value.score == pytest.approx(1.0, abs=1e-6)
    assert value.success == success
