"""What the built-in goals take for done, and that nothing is done by chance."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from envs.card import card, cards
from envs.engines.envpool import EnvPoolEngine
from envs.rollout import Collector
from envs.variables import Layout
from sandbox import MetricValue
from tests.integration.envs.stage import Pose, close_judges, judge, stage


@pytest.fixture(scope="module", autouse=True)
def _sandboxes() -> Iterator[None]:
    yield
    close_judges()


def test_a_reach_is_judged_by_the_fingertips_last_distance_from_the_target() -> None:
    reacher = stage("Reacher-v5")
    # links of 0.1 m and 0.11 m to the fingertip, turned by 0.3 rad and by 0.4 rad more
    tip = 0.1 * np.array([np.cos(0.3), np.sin(0.3)]) + 0.11 * np.array([np.cos(0.7), np.sin(0.7)])
    start = reacher.pose(joint0=0.0, joint1=0.0)

    def judged(away: float, *then: Pose) -> MetricValue:
        end = reacher.pose(joint0=0.3, joint1=0.4, target_x=tip[0] - away, target_y=tip[1])
        return reacher.judged("closeness", reacher.shown(np.array([start, end, *then])))

    reached, missed = judged(0.015), judged(0.025)
    assert (reached.success, missed.success) == (True, False)
    assert (reached.score, missed.score) == pytest.approx((-0.015, -0.025), abs=1e-6)
    assert not judged(0.0, start).success


def test_a_push_is_judged_by_the_cylinders_last_distance_from_the_goal_along_the_table() -> None:
    pusher = stage("Pusher-v5")

    def judged(away: float) -> MetricValue:
        begin, end = pusher.pose(obj_slidex=-0.2), pusher.pose(obj_slidex=0.0, obj_slidey=away)
        return pusher.judged("closeness", pusher.shown(np.array([begin, end])))

    pushed, missed = judged(0.07), judged(-0.09)
    assert (pushed.success, missed.success) == (True, False)
    assert (pushed.score, missed.score) == pytest.approx((-0.07, -0.09), abs=1e-6)


@pytest.mark.parametrize(("name", "seconds"), [("InvertedPendulum-v5", 40.0), ("InvertedDoublePendulum-v5", 50.0)])
def test_a_pendulum_is_balanced_for_the_whole_time_limit(name: str, seconds: float) -> None:
    pendulum = stage(name)
    whole = pendulum.shown(pendulum.through((0, pendulum.pose()), (seconds, pendulum.pose())))
    balanced, fallen = pendulum.judged("balance", whole), pendulum.judged("balance", whole[:500])
    assert (balanced.success, fallen.success) == (True, False)
    # 1000 steps, and 499 of them
    assert (balanced.score, fallen.score) == pytest.approx((seconds, 0.499 * seconds), rel=1e-5)


@pytest.mark.parametrize(("name", "joint", "far"), [("Swimmer-v5", "slider1", 8.0), ("Humanoid-v5", "root", 18.0)])
def test_who_moves_forward_is_judged_by_the_way_over_the_time_limit(name: str, joint: str, far: float) -> None:
    one = stage(name)
    start, end = one.pose(), one.pose()
    end[one.model.joint(joint).qposadr[0]] = far
    path = one.through((0, start), (1000 * one.card.dt, end))
    quick, back = (one.judged("forward_speed", one.shown(course)) for course in (path, path[::-1]))
    assert (quick.success, back.success) == (True, False)
    assert quick.score == pytest.approx(far / (1000 * one.card.dt), rel=1e-5)
    assert back.score == pytest.approx(-quick.score, rel=1e-5)


OURS = sorted(name for name in cards() if card(name).family == "gymnasium-mujoco")


@pytest.mark.parametrize("name", OURS)
def test_nothing_is_done_by_chance_and_every_score_is_a_number_from_the_first_step(name: str) -> None:
    ours, random, most = card(name), np.random.default_rng(0), 300
    layout = Layout(ours)
    engine = EnvPoolEngine(layout, [1, 2], threads=1)
    shape = (min(ours.max_steps, most), 2, ours.action.size)
    torques = random.uniform(ours.action.low, ours.action.high, shape).astype(np.float32)
    rollout = Collector(engine, layout).episodes(len(torques), lambda t, _: torques[t]).transitions
    engine.close()
    for metric in ours.metrics:
        for i, steps in enumerate(rollout.valid.sum(axis=0)):
            for length in (1, int(steps)):
                variables = layout.values(ours.sizes, rollout.frames[: length + 1, i])
                value = judge(name, metric.name)(variables, length, ours.max_steps, ours.dt)
                assert np.isfinite(value.score), metric.name
                # the first state of an episode that nothing ends may be anything
                assert not value.success or length == 1, metric.name
