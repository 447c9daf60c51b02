"""Every variable of the Gymnasium-Robotics cards is what MuJoCo's own data says by name; EnvPool shows the same."""

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
from tests.integration.envs.meanings_robotics import AS_LEFT, COUNTED, HAND, MEANINGS
from tests.integration.envs.test_metrics import judged

pytest.importorskip("gymnasium_robotics")

Values = NDArray[np.float64]
OURS = sorted(name for name in cards() if card(name).family == "gymnasium-robotics")
STATES = 24
SUBSTEP = 0.002
STANDS = 0.4049
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
    """Moves what can be moved without tearing anything: joints of hands and fingers, the object, anywhere and with any velocity.

    The Fetch robot's arm follows a body that its commands move, and is left to that.
    """
    model, data, ours = made.model, made.data, made.layout.card
    for joint in (model.joint(i) for i in range(model.njnt)):
        arm = ours.id.startswith("Fetch") and "finger" not in joint.name
        if arm or joint.type[0] == mujoco.mjtJoint.mjJNT_FREE:
            continue
        low, high = joint.range if joint.limited[0] else (-0.5, 0.5)
        data.joint(joint.name).qpos[:] = random.uniform(low, high)
        data.joint(joint.name).qvel[:] = random.normal(size=1)
    if free := OBJECTS.get(ours.id):
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


def test_the_pen_of_the_adroit_hand_slides_and_turns_as_its_card_says() -> None:
    made = Reference(card("AdroitHandPen-v1"))
    disturb(made, np.random.default_rng(0))
    velocity = np.zeros(6)
    mujoco.mj_objectVelocity(
        made.model, made.data, mujoco.mjtObj.mjOBJ_XBODY, made.model.body("Object").id, velocity, False
    )
    meanings = MEANINGS["AdroitHandPen-v1"]
    down, left, forward = np.asarray(meanings["pen_velocity"](made.model, made.data))
    # the model's right angle is 1.57, a thousandth off
    told, off = np.array([forward, left, -down]), 2e-3 * float(np.linalg.norm(velocity[3:]))
    np.testing.assert_allclose(told, velocity[3:], atol=off)
    along = np.asarray(meanings["pen_direction"](made.model, made.data))
    np.testing.assert_allclose(made.data.joint("OBJRz").xaxis, along, atol=1e-9)
    made.engine.close()


@pytest.mark.parametrize("name", ["AdroitHandPen-v1", "HandPen-spin"])
def test_fingers_bend_and_the_hand_lies_as_the_cards_say(name: str) -> None:
    made = Reference(card(name))
    prefix = "robot0:" if name == "HandPen-spin" else ""
    for joints in HAND.values():
        for joint in joints:
            made.data.joint(prefix + joint).qpos[:] = 0

    def tips() -> Values:
        mujoco.mj_forward(made.model, made.data)
        return np.array([made.data.site(f"{prefix}S_{finger}tip").xpos for finger in ("ff", "mf", "rf", "lf", "th")])

    flat = tips()
    # palm up: bending lifts the tips of the fingers, which lie in one plane when straight
    assert np.ptp(flat[:4, 2]) < 1e-3
    for joint in ("J2", "J1", "J0"):
        for finger in ("FF", "MF", "RF", "LF"):
            made.data.joint(f"{prefix}{finger}{joint}").qpos[:] = 0.3
    made.data.joint(f"{prefix}THJ3").qpos[:] = 0.3
    assert (tips() - flat)[:, 2].min() > 0.02
    made.engine.close()


def begin_alike(made: Reference, first: Floats) -> None:
    """Puts the reference where an episode of EnvPool began: what is drawn anew in each stands in its first frame."""
    ours, model, data = made.layout.card, made.model, made.data
    values = {
        name: shown[0].astype(np.float64)
        for name, shown in made.layout.values(ours.sizes, whole(made.layout, first)).items()
    }
    if ours.id.startswith("Fetch"):
        made.inner.goal = values["goal"]
        if free := OBJECTS.get(ours.id):
            data.joint(free).qpos[:2] = values["object_position"][:2]
            # EnvPool's robot stands where that of FetchReach does, a tenth of a millimetre from where this one's should
            data.joint("robot0:slide0").qpos[:] += STANDS - made.inner.initial_qpos[0]
            data.mocap_pos[0, 0] += STANDS - made.inner.initial_qpos[0]
    elif ours.id == "AdroitHandPen-v1":
        # any turn that brings the vertical to the goal: about the long axis a pen looks the same
        goal = values["goal_direction"]
        turn = np.array([1.0 + goal[2], -goal[1], goal[0], 0.0])
        model.body("target").quat[:] = turn / np.linalg.norm(turn)
    elif ours.id == "AdroitHandDoor-v1":
        model.body("frame").pos[:] += values["handle_position"] - data.site("S_handle").xpos
    else:
        shown = first[0].astype(np.float64)
        robot = [model.joint(i).name for i in range(model.njnt) if model.joint(i).name.startswith("robot0:")]
        for i, joint in enumerate(robot):
            data.joint(joint).qpos[:], data.joint(joint).qvel[:] = shown[i], shown[24 + i]
        data.joint("object:joint").qvel[:], data.joint("object:joint").qpos[:] = shown[48:54], shown[54:61]
        made.inner.goal = shown[68:75]
    mujoco.mj_forward(model, data)


@pytest.mark.parametrize("name", sorted(set(OURS) - {"HandPen-spin"}))
def test_what_envpool_shows_is_what_the_reference_shows(name: str) -> None:
    made, random = Reference(card(name)), np.random.default_rng(1)
    pool = EnvPoolEngine(made.layout, [5], 1)
    begin_alike(made, pool.reset())
    for _ in range(10):
        action = random.uniform(-0.25, 0.25, (1, made.layout.card.action.size)).astype(np.float32)
        theirs, mine = pool.step(action), made.engine.step(action)
        np.testing.assert_allclose(theirs.frames, mine.frames, rtol=1e-5, atol=2e-5)
        np.testing.assert_allclose(theirs.rewards, mine.rewards, rtol=1e-5, atol=1e-5)
        assert not (theirs.ended | theirs.truncated | mine.ended | mine.truncated).any()
    pool.close()
    made.engine.close()


def test_a_thing_is_judged_by_where_it_is_at_the_end() -> None:
    # 3 cm beside the goal and 4 cm below it are 5 cm away
    for name in ("FetchPush-v4", "FetchPickAndPlace-v4"):
        goal = {"goal": [1.3, 0.7, 0.5]}
        beside = judged(name, "closeness", {**goal, "object_position": [1.33, 0.7, 0.46]}, 50)
        at = judged(name, "closeness", {**goal, "object_position": [1.31, 0.7, 0.5]}, 50)
        assert (beside.score, at.score) == pytest.approx((-0.05, -0.01), abs=1e-5)
        assert at.success
    height = np.linspace(0.425, 0.575, 51)
    lifted = judged("FetchPickAndPlace-v4", "lift", {"object_position": np.stack([height] * 3, axis=1)}, 50)
    assert lifted.score == pytest.approx(0.15, abs=1e-5)
    assert lifted.success


def test_the_pen_of_the_adroit_hand_must_be_held_along_the_goal_to_the_end() -> None:
    held: dict[str, object] = {"pen_position": [0.0, -0.2, 0.25], "goal_direction": [0, 0, 1.0]}
    along, across = {"pen_direction": [0, 0, 1.0]}, {"pen_direction": [1.0, 0, 0]}
    dropped = {"pen_position": [0.0, -0.2, 0.0], "pen_from_goal": [0, 0, -0.25]}
    cases: dict[str, tuple[dict[str, object], float, bool]] = {
        "along": ({**held, **along}, 1.0, True),
        "across": ({**held, **across}, 0.5, False),
        "along, but elsewhere": ({**held, **along, "pen_from_goal": [0.1, 0, 0]}, 1.0, False),
        "along, but dropped": ({**held, **along, **dropped}, 0.0, False),
    }
    for what, (episode, score, success) in cases.items():
        value = judged("AdroitHandPen-v1", "alignment", episode, 200)
        assert value.score == pytest.approx(score, abs=1e-5), what
        assert value.success is success, what


def test_the_door_is_judged_by_its_angle_at_the_end() -> None:
    opened, shut_again = (judged("AdroitHandDoor-v1", "door_opening", {"door_angle": way}, 200) for way in (
        np.linspace(0, 1.5, 201), np.concatenate([np.linspace(0, 1.5, 101), np.linspace(1.5, 0.2, 100)])))  # fmt: skip
    assert (opened.score, shut_again.score) == pytest.approx((1.5, 0.2), abs=1e-5)
    assert (opened.success, shut_again.success) == (True, False)
