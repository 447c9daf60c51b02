"""Every variable of the dm_control cards, read through its card, is what MuJoCo's own data says by name; EnvPool shows the same."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import mujoco
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from envs.card import card, cards
from envs.engines.envpool import EnvPoolEngine
from envs.variables import Floats, Layout
from tests.integration.envs.meanings_dm_control import MEANINGS
from tests.integration.envs.test_metrics import judged

pytest.importorskip("dm_control")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it looks for a display when it is first imported
    from dm_control import suite
    from dm_control.suite import quadruped

Values = NDArray[np.float64]
OURS = sorted(name for name in cards() if card(name).family == "dm-control")
STATES = 40
TASKS = {
    "CartpoleSwingup-v1": ("cartpole", "swingup"),
    "CheetahRun-v1": ("cheetah", "run"),
    "FingerSpin-v1": ("finger", "spin"),
    "HumanoidWalk-v1": ("humanoid", "walk"),
    "QuadrupedWalk-v1": ("quadruped", "walk"),
    "WalkerWalk-v1": ("walker", "walk"),
}
OF_OTHER_TASKS = {
    "FingerSpin-v1": {"target_position", "dist_to_target"},
    "HumanoidWalk-v1": {"position"},
    "QuadrupedWalk-v1": {"origin", "rangefinder", "ball_state", "target_position"},
}
"""Parts that EnvPool gives for every task of a robot, and the suite for others of its tasks only."""
FILLED = {"QuadrupedWalk-v1": {"origin"}}
"""Those of them that EnvPool fills all the same; the others are 0."""


class Reference:
    """The environment of dm_control's suite that a card's is."""

    def __init__(self, name: str) -> None:
        self.ours = card(name)
        self.layout = Layout(self.ours)
        domain, task = TASKS[name]
        self.environment: Any = suite.load(domain, task, task_kwargs={"random": 0})
        self.physics: Any = self.environment.physics
        self.model, self.data = self.physics.model.ptr, self.physics.data.ptr
        self.environment.reset()

    def frame(self) -> Floats:
        """What the task shows of the present state, in the card's order; parts of other tasks are 0."""
        shown = self.environment.task.get_observation(self.physics)
        shown |= {part: getattr(self.physics, part)() for part in FILLED.get(self.ours.id, ())}
        parts = [
            np.ravel(shown[part]) if part in shown else np.zeros(size) for part, size in self.ours.observation.items()
        ]
        return np.concatenate(parts).astype(np.float32)  # fmt: skip

    def put_anywhere(self, random: np.random.Generator) -> None:
        """Joints anywhere in range, robots turned anyhow and near the floor, any velocities, drives and commands."""
        model, data = self.model, self.data
        for joint in (model.joint(i) for i in range(model.njnt)):
            position = data.joint(joint.name).qpos
            if joint.type[0] == mujoco.mjtJoint.mjJNT_FREE:
                turn = random.normal(size=4)
                position[:] = [*random.uniform(-2, 2, 2), random.uniform(0.1, 1.5), *(turn / np.linalg.norm(turn))]
            elif joint.limited[0]:
                position[:] = random.uniform(*joint.range)
            else:
                position[:] = (
                    random.uniform(-3, 3) if joint.type[0] == mujoco.mjtJoint.mjJNT_HINGE else random.uniform(-1, 1)
                )
        data.qvel[:], data.act[:] = random.normal(size=model.nv), random.uniform(-1, 1, model.na)
        self.physics.forward()


@pytest.fixture(params=OURS)
def reference(request: pytest.FixtureRequest) -> Iterator[Reference]:
    made = Reference(request.param)
    yield made
    made.environment.close()


def test_every_variable_of_these_cards_has_a_meaning_here() -> None:
    assert set(TASKS) == set(MEANINGS) == set(OURS)
    for name in OURS:
        assert set(MEANINGS[name]) == set(card(name).sizes), name


def test_every_variable_is_what_mujocos_own_data_says(reference: Reference) -> None:
    meanings, random = MEANINGS[reference.ours.id], np.random.default_rng(3)
    frames, expected = list[Floats](), {name: list[Values]() for name in meanings}
    for i in range(STATES):
        if i % 4 == 0:
            reference.put_anywhere(random)
        else:
            reference.environment.step(random.uniform(-1, 1, reference.ours.action.size))
            # a step leaves what depends on accelerations one substep behind
            reference.physics.forward()
        frames.append(reference.frame())
        for name, meaning in meanings.items():
            expected[name].append(np.array(meaning(reference.model, reference.data), np.float64))
    found = reference.layout.values(meanings, np.array(frames))
    for name, values in expected.items():
        assert np.ptp(values, axis=0).any(), f"{name} never moves, which proves nothing"
        # float32 holds 24 bits, 6e-8 of a value
        np.testing.assert_allclose(found[name], np.array(values), rtol=2e-6, atol=2e-6, err_msg=name)


def test_the_parts_of_the_observation_are_those_of_the_suite_but_for_other_tasks(reference: Reference) -> None:
    ours = reference.ours
    shown = reference.environment.observation_spec()
    others = OF_OTHER_TASKS.get(ours.id, set())
    told = {part: size for part, size in ours.observation.items() if part not in others}
    assert told == {part: int(np.prod(spec.shape)) for part, spec in shown.items()}
    assert list(told) == list(shown)
    assert ours.policy == tuple(f"obs.{part}" for part in told)
    empty = others - FILLED.get(ours.id, set())
    assert not any(f"obs.{part}" in variable.source for variable in ours.variables for part in empty)


def test_a_step_lasts_as_long_as_in_the_suite_and_episodes_too(reference: Reference) -> None:
    assert reference.ours.dt == pytest.approx(reference.environment.control_timestep(), rel=1e-12)
    assert reference.ours.max_steps == reference.environment._step_limit


def test_actuators_are_named_and_bounded_as_in_the_model(reference: Reference) -> None:
    ours, model = reference.ours, reference.model
    drives = [model.actuator(i).name for i in range(model.nu)]
    words = {"b": "back_", "f": "front_"}
    named = [f"{words[drive[0]]}{drive[1:]}" if ours.id.startswith("Cheetah") else drive for drive in drives]
    named = ["cart" if drive == "slide" else drive for drive in named]
    assert [name.removesuffix("_torque").removesuffix("_force") for name in ours.action.names] == named
    assert (ours.action.low, ours.action.high) == (model.actuator_ctrlrange.min(), model.actuator_ctrlrange.max())


def test_what_envpool_shows_is_what_the_suite_shows(reference: Reference) -> None:
    ours, random = reference.ours, np.random.default_rng(1)
    # an episode whose first contacts are no close calls, which would make much of the rounding of what is shown
    pool = EnvPoolEngine(reference.layout, [7], 1)
    shown = pool.reset()[0]
    actions = random.uniform(ours.action.low, ours.action.high, (12, ours.action.size)).astype(np.float32)
    steps = [pool.step(action[None]) for action in actions]
    pool.close()
    BEGIN[ours.id](reference, shown, actions[0], steps[0].frames[0])
    np.testing.assert_allclose(unfacing(reference, reference.frame()), unfacing(reference, shown), rtol=1e-5, atol=1e-5)
    for action, step in zip(actions, steps, strict=True):
        told = reference.environment.step(action.astype(np.float64))
        expected, found = unfacing(reference, reference.frame()), unfacing(reference, step.frames[0])
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
        assert step.rewards[0] == pytest.approx(told.reward, abs=1e-5)


def test_every_episode_begins_where_one_of_the_suite_may(reference: Reference) -> None:
    pool = EnvPoolEngine(reference.layout, range(8), 1)
    theirs, mine = pool.reset(), list[Floats]()
    pool.close()
    for _ in range(150):
        reference.environment.reset()
        mine.append(reference.frame())
    for name, shown in reference.layout.values(reference.ours.sizes, theirs).items():
        told = reference.layout.variable(name, np.array(mine))
        # of 150 uniform draws the outermost are less than a hundredth of the range from its ends; turned things spread less evenly
        beyond = 0.1 * np.ptp(told, axis=0) + 1e-6
        assert (shown >= told.min(axis=0) - beyond).all(), name
        assert (shown <= told.max(axis=0) + beyond).all(), name


def unfacing(made: Reference, frame: Floats) -> Floats:
    """A frame but for what tells which way the humanoid faces, which is hidden: of horizontal velocities only the speed."""
    if made.ours.id != "HumanoidWalk-v1":
        return frame
    frame, start = frame.copy(), 0
    for part, size in made.ours.observation.items():
        if part in ("com_velocity", "velocity"):
            frame[start : start + 2] = np.hypot(*frame[start : start + 2]), 0
        start += size
    return frame


def named(made: Reference, shown: Floats) -> dict[str, Values]:
    return {name: values.astype(np.float64) for name, values in made.layout.values(made.ours.sizes, shown).items()}


def begin_cartpole(made: Reference, shown: Floats, *_: Floats) -> None:
    values = named(made, shown)
    made.data.qpos[:] = values["cart_position"], np.arctan2(values["pole_lean"], values["pole_upright"])
    made.data.qvel[:] = values["cart_velocity"], values["pole_angular_velocity"]
    made.physics.after_reset()


def begin_cheetah(made: Reference, shown: Floats, *_: Floats) -> None:
    made.data.qpos[:], made.data.qvel[:] = [0.0, *shown[:8]], shown[8:]
    made.physics.after_reset()


def begin_finger(made: Reference, shown: Floats, *_: Floats) -> None:
    values = named(made, shown)
    # the tip is on top at an angle of 0, and a positive angle turns it counterclockwise
    made.data.qpos[:] = values["proximal_angle"], values["distal_angle"], -np.arctan2(*values["tip_position"])
    made.data.qvel[:] = 0
    made.physics.after_reset()


def begin_walker(made: Reference, shown: Floats, *_: Floats) -> None:
    values = named(made, shown)
    torso = np.arctan2(values["torso_lean"], values["torso_upright"])
    made.data.joint("rootz").qpos[:] = values["torso_height"] - 1.3
    made.data.joint("rootx").qpos[:] = 0
    made.data.joint("rooty").qpos[:] = torso
    for side in ("right", "left"):
        limb = values[f"{side}_leg_orientations"].reshape(3, 2)
        pitch = [torso, *np.arctan2(limb[:, 1], limb[:, 0])]
        for i, joint in enumerate(("hip", "knee", "ankle")):
            # these joints turn the other way: positive swings a leg forward
            bent = pitch[i] - pitch[i + 1]
            made.data.joint(f"{side}_{joint}").qpos[:] = np.arctan2(np.sin(bent), np.cos(bent))
    made.data.qvel[:] = 0
    made.physics.after_reset()


def tilt(vertical: Values) -> Values:
    """A quaternion that turns a body so that the upward vertical is this in its own axes; how it faces is not told."""
    turn = np.append(1.0 + vertical[2], np.cross(vertical, [0.0, 0.0, 1.0]))
    return np.array(turn / np.linalg.norm(turn))


def begin_humanoid(made: Reference, shown: Floats, *_: Floats) -> None:
    values, root = named(made, shown), made.data.joint("root").qpos
    made.data.qpos[7:] = shown[:21]
    root[:3], root[3:] = 0, tilt(values["torso_vertical"])
    made.data.qvel[:] = 0
    made.physics.forward()
    root[2] = values["head_height"] - made.data.body("head").xpos[2]
    made.physics.after_reset()


def begin_quadruped(made: Reference, shown: Floats, action: Floats, after: Floats) -> None:
    """Which way it is tilted is not shown: of all ways, the one from which a step leads to where it led in EnvPool."""
    upright = named(made, shown)["torso_upright"]

    def put(way: float) -> None:
        level = np.sqrt(1 - upright**2)
        with made.physics.reset_context():
            made.data.qpos[:] = made.model.qpos0
        quadruped._find_non_contacting_height(
            made.physics, tilt(np.array([level * np.cos(way), level * np.sin(way), upright]))
        )
        made.data.qvel[:], made.data.act[:], made.data.ctrl[:] = 0, 0, 0
        made.physics.after_reset()

    def off(way: float) -> float:
        put(way)
        made.physics.set_control(action)
        made.physics.step(4)
        return float(np.square(made.frame()[44:47] - after[44:47]).sum())

    coarse = min(np.linspace(0, 2 * np.pi, 73), key=off)
    found = minimize_scalar(off, bounds=(coarse - 0.1, coarse + 0.1), options={"xatol": 1e-9})
    put(found.x)


BEGIN: dict[str, Callable[[Reference, Floats, Floats, Floats], None]] = {
    "CartpoleSwingup-v1": begin_cartpole,
    "CheetahRun-v1": begin_cheetah,
    "FingerSpin-v1": begin_finger,
    "HumanoidWalk-v1": begin_humanoid,
    "QuadrupedWalk-v1": begin_quadruped,
    "WalkerWalk-v1": begin_walker,
}


@pytest.mark.parametrize(("turns", "success"), [(25.0, True), (15.0, False), (-25.0, False)])
def test_the_fingers_spin_is_the_bodys_turns_clockwise(turns: float, success: bool) -> None:
    # seen with x to the right and z upward, clockwise is from the top to the right; it starts where a turn is cut in two
    angle = np.pi + 2 * np.pi * turns * np.linspace(0, 1, 1001)
    value = judged(
        "FingerSpin-v1", "spin", {"tip_position": 0.13 * np.stack([np.sin(angle), np.cos(angle)], axis=1)}, 1000
    )
    assert value.score == pytest.approx(turns, abs=1e-3)
    assert value.success is success


def test_a_spinning_body_turns_clockwise_when_its_velocity_is_negative() -> None:
    made = Reference("FingerSpin-v1")
    made.data.qpos[:], made.data.qvel[:] = [0.0, 1.5, 0.3], [0.0, 0.0, -8.0]
    made.physics.forward()
    x, z = named(made, made.frame())["tip_position"]
    made.environment.step(np.zeros(2))
    later = named(made, made.frame())
    assert later["spinner_velocity"] < -5
    # a step of 0.02 s at 8 rad/s, a little braked
    assert np.arctan2(*later["tip_position"]) - np.arctan2(x, z) == pytest.approx(0.15, abs=0.02)


def test_a_robot_that_walks_has_to_be_up_for_it() -> None:
    walk: dict[str, object] = {"forward_velocity": 1.0, "torso_height": 1.25, "torso_upright": 1.0}
    slide: dict[str, object] = {"forward_velocity": 1.0, "torso_height": 0.3, "torso_upright": 0.0}
    values = [judged("WalkerWalk-v1", "forward_speed", episode, 1000) for episode in (walk, slide)]
    assert [value.success for value in values] == [True, False]
    # upside down it gets nowhere, whatever its velocity
    on_feet, on_back = (
        judged("QuadrupedWalk-v1", "forward_speed", {"torso_velocity": [0.5, 0, 0], "torso_upright": upright}, 1000)
        for upright in (1.0, -1.0)
    )
    assert (on_feet.score, on_back.score) == pytest.approx((0.5, 0.0), abs=1e-6)
    assert (on_feet.success, on_back.success) == (True, False)
    # 0.6 m/s sideways and 0.8 m/s backwards are 1 m/s; a head at 0.7 m is half as high as it should be
    up, down = (
        judged("HumanoidWalk-v1", "walk", {"com_velocity": [-0.8, 0.6, 0], "head_height": height}, 1000)
        for height in (1.45, 0.7)
    )
    assert (up.score, down.score) == pytest.approx((1.0, 0.5), abs=1e-5)
    assert (up.success, down.success) == (True, False)


def test_standing_is_counted_in_seconds_and_must_last_to_the_end() -> None:
    # up in states 501 to 1000 of 0 to 1000: 500 times 0.025 s for the walker and 0.02 s for the quadruped
    late, early = (np.arange(1001) > 500), (np.arange(1001) < 500)
    for name, seconds, also in (("WalkerWalk-v1", 12.5, {"torso_height": 1.3}), ("QuadrupedWalk-v1", 10.0, {})):
        stays, falls = (judged(name, "stand", {"torso_upright": up, **also}, 1000) for up in (late, early))
        assert (stays.score, falls.score) == pytest.approx((seconds, seconds), rel=1e-5)
        assert (stays.success, falls.success) == (True, False)


def test_the_pole_is_judged_by_how_far_up_it_is_and_at_the_end() -> None:
    # hanging (-1) half of the time and up (1) the other half, but for one state of 1001
    swung, fell = (judged("CartpoleSwingup-v1", "upright", {"pole_upright": np.where(up, 1.0, -1.0)}, 1000) for up in (
        np.arange(1001) > 500, np.arange(1001) < 500))  # fmt: skip
    assert (swung.score, fell.score) == pytest.approx((0.5, 0.5), abs=1e-3)
    assert (swung.success, fell.success) == (True, False)
