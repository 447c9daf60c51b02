"""Every variable of the Gymnasium-Robotics cards, read through its card, is what MuJoCo's own data says by name; EnvPool shows the same."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import mujoco
import numpy as np
import pytest
from numpy.typing import NDArray

from envs.card import EnvCard, card, cards
from envs.engines.envpool import EnvPoolEngine
from envs.engines.gymnasium import GymnasiumEngine
from envs.variables import Floats, Layout
from tests.integration.envs.meanings_robotics import AS_LEFT, COUNTED, MEANINGS

pytest.importorskip("gymnasium_robotics")

Values = NDArray[np.float64]
OURS = sorted(name for name in cards() if card(name).family == "gymnasium-robotics")
STATES = 24
SUBSTEP = 0.002
OBJECTS = {"FetchPickAndPlace-v4": "object0:joint", "FetchPush-v4": "object0:joint"} | {
    name: "object:joint" for name in OURS if name.startswith("Hand")
}
"""The free joint of the thing that is moved."""


class Reference:
    """The reference environment of a card, alone in its engine."""

    def __init__(self, ours: EnvCard, seed: int = 0) -> None:
        self.layout = Layout(ours)
        self.engine = GymnasiumEngine(self.layout, [seed])
        self.first = self.engine.reset()
        self.model, self.data = self.engine.simulation(0)
        self.inner: Any = self.engine._environments[0].unwrapped

    def step(self, action: Values) -> Floats:
        """The frame that this action leads to, the turns that are counted left 0."""
        return whole(self.layout, self.engine.step(action[None].astype(np.float32)).frames)

    def shown(self) -> mujoco.MjData:
        """The data as they were left, of which a copy; the simulation itself is brought up to date and shows the goal."""
        left = copy.copy(self.data)
        if hasattr(self.inner, "_render_callback"):
            self.inner._render_callback()
        mujoco.mj_forward(self.model, self.data)
        return left


def whole(layout: Layout, shown: Floats) -> Floats:
    frames = np.zeros((len(shown), layout.width), np.float32)
    frames[:, : layout.shown] = shown
    return frames


@pytest.fixture(params=OURS)
def reference(request: pytest.FixtureRequest) -> Iterator[Reference]:
    made = Reference(card(request.param))
    yield made
    made.engine.close()


def disturb(made: Reference, random: np.random.Generator) -> None:
    """Moves what can be moved without tearing anything: joints of hands anywhere in range, the free thing anywhere, velocities too."""
    model, data = made.model, made.data
    for joint in (model.joint(i) for i in range(model.njnt)):
        if joint.type[0] == mujoco.mjtJoint.mjJNT_FREE or (joint.name.startswith("robot0:") and "finger" not in joint.name):
            if joint.name.startswith("robot0:") and "J" in joint.name.removeprefix("robot0:"):
                data.joint(joint.name).qpos[:] = random.uniform(*joint.range)
                data.joint(joint.name).qvel[:] = random.normal(size=1)
            continue
        low, high = joint.range if joint.limited[0] else (-0.5, 0.5)
        data.joint(joint.name).qpos[:] = random.uniform(low, high)
        data.joint(joint.name).qvel[:] = random.normal(size=1)
    if free := OBJECTS.get(made.layout.card.id):
        turn = random.normal(size=4)
        data.joint(free).qpos[:3] += random.normal(size=3) * 0.05 + np.array([0, 0, 0.1])
        data.joint(free).qpos[3:] = turn / np.linalg.norm(turn)
        data.joint(free).qvel[:] = random.normal(size=6) * 2
    mujoco.mj_forward(model, data)


def test_every_variable_of_these_cards_has_a_meaning_here_or_is_counted() -> None:
    assert set(MEANINGS) == set(OURS)
    for name in OURS:
        counted = {variable.name for variable in card(name).variables if variable.source.startswith("turns(")}
        assert set(MEANINGS[name]) | counted == set(card(name).sizes), name
        assert counted <= set(COUNTED), name


def test_every_variable_is_what_mujocos_own_data_says(reference: Reference) -> None:
    ours, random = reference.layout.card, np.random.default_rng(3)
    meanings, left = MEANINGS[ours.id], AS_LEFT.get(ours.id, frozenset())
    frames, expected = [whole(reference.layout, reference.first)], {name: list[Values]() for name in meanings}

    def note() -> None:
        before = reference.shown()
        for name, meaning in meanings.items():
            data = before if name in left else reference.data
            expected[name].append(np.array(meaning(reference.model, data), np.float64))

    note()
    for i in range(STATES):
        if i % 3 == 0:
            disturb(reference, random)
        frames.append(reference.step(random.uniform(-1, 1, ours.action.size)))
        note()
    found = reference.layout.values(meanings, np.concatenate(frames))
    for name, values in expected.items():
        assert np.ptp(values, axis=0).any() or name.startswith("goal"), f"{name} never moves, which proves nothing"
        # float32 holds 24 bits, 6e-8 of a value
        np.testing.assert_allclose(found[name], np.array(values), rtol=1e-6, atol=2e-6, err_msg=name)


@pytest.mark.parametrize("name", sorted(AS_LEFT))
def test_what_a_step_leaves_behind_is_one_substep_behind(name: str) -> None:
    made, random = Reference(card(name)), np.random.default_rng(0)
    assert made.model.opt.timestep == SUBSTEP
    before = {variable: np.array(MEANINGS[name][variable](made.model, made.data)) for variable in AS_LEFT[name]}
    for _ in range(30):
        made.step(random.uniform(-1, 1, made.layout.card.action.size))
        left = made.shown()
        for variable in AS_LEFT[name]:
            stale, now = (np.array(MEANINGS[name][variable](made.model, data)) for data in (left, made.data))
            # a step has at least five substeps, so that most of its way is already gone
            assert np.linalg.norm(now - stale) <= 0.5 * np.linalg.norm(now - before[variable]) + 2e-3, variable
            before[variable] = now
    made.engine.close()


def begin_alike(made: Reference, first: Floats) -> None:
    """Puts the reference into the state with which an episode of EnvPool began: what is drawn anew in each stands in its first frame."""
    ours, model, data = made.layout.card, made.model, made.data
    values = made.layout.values(ours.sizes, whole(made.layout, first[None]))
    if ours.id.startswith("Fetch"):
        made.inner.goal = values["goal"][0].astype(np.float64)
        if free := OBJECTS.get(ours.id):
            data.joint(free).qpos[:2] = values["object_position"][0, :2]
    elif ours.id == "AdroitHandPen-v1":
        start, end = np.array([0.0, 0.0, 1.0]), values["goal_direction"][0].astype(np.float64)
        turn = Rotation_between(start, end)
        model.body("target").quat[:] = turn
    elif ours.id == "AdroitHandDoor-v1":
        model.body("frame").pos[:] += values["handle_position"][0] - data.site("S_handle").xpos
    else:
        observation = first[: ours.observation["observation"]].astype(np.float64)
        robot = [model.joint(i) for i in range(model.njnt) if model.joint(i).name.startswith("robot0:")]
        for i, joint in enumerate(robot):
            data.joint(joint.name).qpos[:], data.joint(joint.name).qvel[:] = observation[i], observation[24 + i]
        data.joint("object:joint").qvel[:], data.joint("object:joint").qpos[:] = observation[48:54], observation[54:61]
        made.inner.goal = first[-7:].astype(np.float64)
    mujoco.mj_forward(model, data)


def Rotation_between(start: Values, end: Values) -> Values:
    turn = np.append(1.0 + start @ end, np.cross(start, end))
    return turn / np.linalg.norm(turn)


def test_what_envpool_shows_is_what_the_reference_shows(reference: Reference) -> None:
    ours = reference.layout.card
    pool = EnvPoolEngine(reference.layout, [5], 1)
    shown = pool.reset()
    begin_alike(reference, shown[0])
    random = np.random.default_rng(1)
    worst = 0.0
    for _ in range(10):
        action = random.uniform(-1, 1, (1, ours.action.size)).astype(np.float32) / 4
        theirs, mine = reference.engine.step(action), pool.step(action)
        worst = max(worst, np.abs(theirs.frames - mine.frames).max())
        print(ours.id, np.abs(theirs.frames - mine.frames).max(), np.abs(theirs.frames - mine.frames).argmax(), theirs.rewards, mine.rewards)
    pool.close()
