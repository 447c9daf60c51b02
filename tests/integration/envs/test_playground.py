"""Every variable of the MuJoCo Playground cards, as EnvPool shows it, is what MuJoCo's own data says by name.

Playground steps on an accelerator and is not needed here: the model that EnvPool ships is stepped by MuJoCo, from the state that
the first frame of an episode shows and with the same actions.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
import pytest
from numpy.typing import NDArray

from envs.card import card, cards
from envs.engines.envpool import EnvPoolEngine
from envs.rollout import Collector
from envs.variables import Layout, Transitions
from tests.integration.envs.test_metrics import judged

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the package warns about its own dependencies when it is first imported
    import envpool

Values = NDArray[np.float64]
OURS = sorted(name for name in cards() if card(name).family == "mujoco-playground")
SCENES = {
    "Go1Getup-v1": "scene_mjx_fullcollisions_flat_terrain.xml",
    "Go1Handstand-v1": "scene_mjx_flat_terrain.xml",
    "Go1JoystickFlatTerrain-v1": "scene_mjx_feetonly_flat_terrain.xml",
}
FOLDER = Path("mujoco/playground/assets/mujoco_playground/_src/locomotion/go1/xmls")
LEGS = {"front_right": "FR", "front_left": "FL", "rear_right": "RR", "rear_left": "RL"}
IN_THE_AIR = {"Go1Getup-v1": {"settle_time": 0.0}}
"""Arguments with which an episode begins before any contact: the solver takes few iterations, so what it last found matters, and
that is not shown."""
JOINTS = [f"{leg}_{joint}" for leg in LEGS.values() for joint in ("hip", "thigh", "calf")]
IMU, SUBSTEPS = "imu", 5
STEPS = 25


class Robot:
    """Unitree's Go1, stepped by MuJoCo alone; `data` are left as EnvPool reads them."""

    def __init__(self, name: str) -> None:
        self.ours = card(name)
        config = envpool.make_spec(self.ours.engine.task).config
        self.model = model = mujoco.MjModel.from_xml_path(str(config.base_path / FOLDER / SCENES[name]))
        model.opt.timestep, model.opt.ccd_iterations = config.sim_dt, 20
        model.dof_damping[6:] = config.kd
        model.actuator_gainprm[:, 0], model.actuator_biasprm[:, 1] = config.kp, -config.kp
        self.scale = config.action_scale
        self.data = mujoco.MjData(model)
        self.home = np.array(model.key("home").qpos)
        self.standing = dict(zip(JOINTS, self.home[7:], strict=True))
        self.air_time, self.stood = np.zeros(4), np.zeros(4)
        self.commanded = np.zeros(3)

    def begin(self, values: Mapping[str, Values]) -> None:
        """The state that the first frame of an episode shows; where on the plane it is, is not shown and does not matter."""
        down, rates = values["gravity_direction"], values["body_angular_velocity"]
        turn = np.append(1.0 - down[2], np.cross(down, [0.0, 0.0, -1.0])) if down[2] < 0.9 else np.array([0.0, 1, 0, 0])
        level = rotation(turn / np.linalg.norm(turn))
        # how it faces: the same angular velocity is shown about its own axes and about the world's
        here, there = level @ rates, values["world_angular_velocity"]
        facing = np.arctan2(there[1], there[0]) - np.arctan2(here[1], here[0])
        matrix = rotation(np.array([np.cos(facing / 2), 0, 0, np.sin(facing / 2)])) @ level
        data, site = self.data, self.model.site(IMU).pos
        mujoco.mju_mat2Quat(data.qpos[3:7], matrix.ravel())
        data.qpos[2] = self.home[2]
        data.qvel[:3] = matrix @ (values["body_velocity"] - np.cross(rates, site))
        data.qvel[3:6] = rates
        for leg, prefix in LEGS.items():
            for i, joint in enumerate(("hip", "thigh", "calf")):
                name = f"{prefix}_{joint}"
                data.joint(f"{name}_joint").qpos[:] = values[f"{leg}_leg_angles"][i] + self.standing[name]
                data.joint(f"{name}_joint").qvel[:] = values[f"{leg}_leg_velocities"][i]
        data.ctrl[:] = [data.joint(f"{name}_joint").qpos[0] for name in JOINTS]
        if "trunk_height" in values:
            mujoco.mj_kinematics(self.model, data)
            data.qpos[2] += values["trunk_height"] - data.site(IMU).xpos[2]
        mujoco.mj_forward(self.model, data)

    def step(self, action: Values) -> None:
        joints = np.array([self.data.joint(f"{name}_joint").qpos[0] for name in JOINTS])
        start = {"Go1Getup-v1": joints, "Go1Handstand-v1": self.data.ctrl, "Go1JoystickFlatTerrain-v1": self.home[7:]}
        self.data.ctrl[:] = start[self.ours.id] + self.scale * action
        self.air_time[self.stood > 0] = 0
        mujoco.mj_step(self.model, self.data, SUBSTEPS)
        if self.ours.id != "Go1JoystickFlatTerrain-v1":
            mujoco.mj_forward(self.model, self.data)
        self.air_time += self.ours.dt

    def touching(self) -> Values:
        """1 for each foot between which and the floor MuJoCo has made a contact."""
        floor = self.model.geom("floor").id
        pairs = {frozenset((int(contact.geom1), int(contact.geom2))) for contact in self.data.contact}
        return np.array([float(frozenset((floor, self.model.geom(foot).id)) in pairs) for foot in LEGS.values()])


def rotation(quaternion: Values) -> Values:
    matrix = np.zeros(9)
    mujoco.mju_quat2Mat(matrix, quaternion)
    return matrix.reshape(3, 3)


def moving(robot: Robot, site: str, *, local: bool) -> Values:
    """Angular velocity and velocity of a site, about and along its own axes or those of the world."""
    found = np.zeros(6)
    mujoco.mj_objectVelocity(robot.model, robot.data, mujoco.mjtObj.mjOBJ_SITE, robot.model.site(site).id, found, local)
    return found


def own_acceleration(robot: Robot) -> Values:
    found = np.zeros(6)
    mujoco.mj_objectAcceleration(
        robot.model, robot.data, mujoco.mjtObj.mjOBJ_SITE, robot.model.site(IMU).id, found, True
    )
    return found[3:]


def bent(prefix: str) -> Callable[[Robot], Values]:
    names = [f"{prefix}_{joint}" for joint in ("hip", "thigh", "calf")]
    return lambda robot: np.array([robot.data.joint(f"{name}_joint").qpos[0] - robot.standing[name] for name in names])


def swung(prefix: str) -> Callable[[Robot], Values]:
    names = [f"{prefix}_{joint}_joint" for joint in ("hip", "thigh", "calf")]
    return lambda robot: np.concatenate([robot.data.joint(name).qvel for name in names])


def foot_velocity(prefix: str) -> Callable[[Robot], Values]:
    return lambda robot: moving(robot, prefix, local=False)[3:]


Meanings = Mapping[str, Callable[[Robot], Values | float]]
COMMON: Meanings = {
    "body_velocity": lambda robot: moving(robot, IMU, local=True)[3:],
    "body_angular_velocity": lambda robot: moving(robot, IMU, local=True)[:3],
    "gravity_direction": lambda robot: robot.data.site(IMU).xmat.reshape(3, 3).T @ np.array([0.0, 0.0, -1.0]),
    **{f"{leg}_leg_angles": bent(prefix) for leg, prefix in LEGS.items()},
    **{f"{leg}_leg_velocities": swung(prefix) for leg, prefix in LEGS.items()},
    "body_acceleration": own_acceleration,
    "world_angular_velocity": lambda robot: moving(robot, IMU, local=False)[:3],
    "joint_torques": lambda robot: np.concatenate([robot.data.actuator(name).force for name in JOINTS]),
}
HEIGHT: Meanings = {"trunk_height": lambda robot: float(robot.data.site(IMU).xpos[2])}
MEANINGS: Mapping[str, Meanings] = {
    "Go1Getup-v1": {**COMMON, **HEIGHT},
    "Go1Handstand-v1": {**COMMON, **HEIGHT},
    "Go1JoystickFlatTerrain-v1": {
        **COMMON,
        "feet_contact": lambda robot: robot.stood,
        "feet_air_time": lambda robot: robot.air_time,
        **{f"{leg}_foot_velocity": foot_velocity(prefix) for leg, prefix in LEGS.items()},
    },
}
COMMANDS = {"commanded_velocity", "commanded_turn_rate"}
"""Of no state of the robot: they are drawn."""


class Episode:
    """EnvPool's own episode of a card, in the double precision that it has; values are read through the card."""

    def __init__(self, name: str, seed: int) -> None:
        ours = card(name)
        self.layout = Layout(ours)
        arguments = {**ours.engine.arguments, **IN_THE_AIR.get(name, {})}
        self._pool = envpool.make_gymnasium(
            ours.engine.task, num_envs=1, env_seed=[seed], num_threads=1, max_episode_steps=ours.max_steps, **arguments
        )

    def begin(self) -> Mapping[str, Values]:
        return self._values(self._pool.reset()[0])

    def step(self, action: Values) -> tuple[Mapping[str, Values], bool]:
        """What it shows, and whether that was the end."""
        shown, _, terminated, truncated, _ = self._pool.step(action[None])
        return self._values(shown), bool(terminated[0] or truncated[0])

    def _values(self, shown: Mapping[str, Values]) -> Mapping[str, Values]:
        frame: Any = np.concatenate([np.ravel(shown[part]) for part in self.layout.card.observation])
        return {name: np.asarray(self.layout._columns[name].of(frame), np.float64) for name in self.layout.free}

    def close(self) -> None:
        self._pool.close()


@pytest.fixture(params=OURS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_every_variable_of_these_cards_has_a_meaning_here() -> None:
    assert set(MEANINGS) == set(SCENES) == set(OURS)
    for environment in OURS:
        commands = COMMANDS & set(card(environment).sizes)
        assert set(MEANINGS[environment]) | commands == set(card(environment).sizes), environment


@pytest.mark.parametrize("seed", [1, 2])
def test_every_variable_is_what_mujocos_own_data_says(name: str, seed: int) -> None:
    episode, robot, random = Episode(name, seed), Robot(name), np.random.default_rng(seed)
    shown, ended, compared = episode.begin(), False, list[Mapping[str, Values]]()
    robot.begin(shown)
    while not ended and len(compared) < STEPS:
        for variable, meaning in MEANINGS[name].items():
            np.testing.assert_allclose(shown[variable], meaning(robot), rtol=1e-6, atol=1e-6, err_msg=variable)
        compared.append(shown)
        action = random.uniform(-1, 1, robot.model.nu)
        # the contacts that are shown are those of a step before, and none before the first
        robot.stood = robot.touching() if len(compared) > 1 else np.zeros(4)
        shown, ended = episode.step(action)
        robot.step(action)
    episode.close()
    assert len(compared) > 15
    for variable in MEANINGS[name]:
        assert np.ptp([values[variable] for values in compared], axis=0).any(), f"{variable} never moves"


@pytest.fixture(scope="module", params=OURS)
def collected(request: pytest.FixtureRequest) -> tuple[Layout, Transitions]:
    """150 random steps of three robots, as a trainer collects them."""
    layout, random = Layout(card(request.param)), np.random.default_rng(0)
    pool = EnvPoolEngine(layout, [1, 2, 3], 1)
    size = layout.card.action.size
    steps = Collector(pool, layout).collect(150, lambda t, frames: random.uniform(-1, 1, (3, size)).astype(np.float32))
    pool.close()
    return layout, steps.transitions


def test_frames_are_finite_and_every_variable_moves_in_every_episode(collected: tuple[Layout, Transitions]) -> None:
    layout, steps = collected
    assert steps.frames.shape == (151, 3, layout.width)
    assert np.isfinite(steps.frames).all()
    for name, values in layout.values(layout.card.sizes, steps.frames).items():
        assert name in COMMANDS or np.ptp(values, axis=0).all(axis=0).any(), f"{name} never moves"


def test_gravity_is_a_direction_and_points_down_on_the_feet(collected: tuple[Layout, Transitions]) -> None:
    layout, steps = collected
    down = layout.variable("gravity_direction", steps.frames)
    # of unit length without noise, to the 24 bits of float32
    np.testing.assert_allclose(np.linalg.norm(down, axis=-1), 1.0, atol=1e-6)
    if layout.card.id != "Go1Getup-v1":
        np.testing.assert_allclose(down[0], np.tile([0.0, 0.0, -1.0], (3, 1)), atol=1e-6)


def test_the_policy_sees_the_state_in_which_the_action_before_stands(collected: tuple[Layout, Transitions]) -> None:
    layout, steps = collected
    seen = steps.frames[..., layout.policy_columns]
    assert seen.shape[-1] == layout.card.observation["state"]
    # what is hidden repeats the state, so that nothing hidden is lost, and without noise both are the same
    np.testing.assert_array_equal(steps.frames[..., seen.shape[-1] : 2 * seen.shape[-1]], seen)
    end = seen.shape[-1] - (3 if "commanded_velocity" in layout.card.sizes else 0)
    going_on = steps.valid[1:] & steps.valid[:-1]
    np.testing.assert_array_equal(seen[2:, :, end - 12 : end][going_on], steps.actions[:-1][going_on])


def test_commands_stay_within_their_bounds_and_change_now_and_then() -> None:
    layout = Layout(card("Go1JoystickFlatTerrain-v1"))
    pool = EnvPoolEngine(layout, [1, 2, 3, 4], 1)
    still = Collector(pool, layout).episodes(1000, lambda t, frames: np.zeros((4, 12), np.float32)).transitions
    pool.close()
    assert still.valid.all(), "a robot that holds still does not fall"
    wanted = layout.variable("commanded_velocity", still.frames)
    turning = layout.variable("commanded_turn_rate", still.frames)
    assert (np.abs(wanted) <= [1.5, 0.8]).all()
    assert (np.abs(turning) <= 1.2).all()
    changes = (np.diff(wanted, axis=0) != 0).any(axis=-1).sum()
    # every 5 s on average, so 16 times in four episodes of 20 s, and three of four times one of both velocities changes
    assert 4 <= changes <= 28


def test_the_joystick_is_followed_by_the_command_of_the_step_before() -> None:
    # the command changes in state 500 from 1 m/s to 0; the velocity follows in the next state, which is without error
    wanted = np.where(np.arange(1001) < 500, 1.0, 0.0)
    velocity = np.concatenate([[0.0], wanted[:-1]])
    commanded = {"commanded_velocity": np.stack([wanted, np.zeros(1001)], axis=1), "commanded_turn_rate": 0.5}
    turning = {"body_angular_velocity": [0, 0, 0.5]}
    moved = {"body_velocity": np.stack([velocity, np.zeros(1001), np.zeros(1001)], axis=1)}
    exact = judged("Go1JoystickFlatTerrain-v1", "tracking", {**commanded, **turning, **moved}, 1000)
    # 0.5 m/s too fast throughout: 1 / (1 + 2 * 0.5)
    fast = {"body_velocity": moved["body_velocity"] + np.array([0.5, 0, 0])}
    off = judged("Go1JoystickFlatTerrain-v1", "tracking", {**commanded, **turning, **fast}, 1000)
    # a fall after 100 of 1000 steps
    short = {name: values[:101] for name, values in (commanded | moved).items() if isinstance(values, np.ndarray)}
    fallen = judged("Go1JoystickFlatTerrain-v1", "tracking", {**commanded, **turning, **short}, 100)
    assert (exact.score, off.score, fallen.score) == pytest.approx((1.0, 0.5, 0.1), abs=1e-5)
    assert (exact.success, off.success, fallen.success) == (True, False, False)


def test_walking_forward_is_judged_over_the_time_limit() -> None:
    walk, fall = (
        judged("Go1JoystickFlatTerrain-v1", "forward_speed", {"body_velocity": [1.0, 0, 0]}, steps)
        for steps in (1000, 100)
    )
    assert (walk.score, fall.score) == pytest.approx((1.0, 0.1), rel=1e-5)
    assert (walk.success, fall.success) == (True, False)


def test_getting_up_is_high_and_upright_at_the_end() -> None:
    poses = {
        "stands": ([0, 0, -1], 0.27, True),
        "on its back": ([0, 0, 1], 0.27, False),
        "low": ([0, 0, -1], 0.09, False),
    }
    values = {
        pose: judged("Go1Getup-v1", "standing", {"gravity_direction": down, "trunk_height": height}, 300)
        for pose, (down, height, _) in poses.items()
    }
    assert [value.score for value in values.values()] == pytest.approx([1.0, 0.0, 1 / 3], abs=1e-5)
    assert {pose: value.success for pose, value in values.items()} == {pose: done for pose, (*_, done) in poses.items()}


def test_a_handstand_is_nose_down_and_high_to_the_end_of_the_time_limit() -> None:
    # nose down, that is with gravity along the trunk's own x
    up = {"gravity_direction": [1, 0, 0], "trunk_height": 0.55}
    rear = {"gravity_direction": [-1, 0, 0], "trunk_height": 0.55}
    values = [judged("Go1Handstand-v1", "handstand", *episode) for episode in ((up, 500), (rear, 500), (up, 250))]
    assert [value.score for value in values] == pytest.approx([1.0, 0.0, 0.5], abs=1e-5)
    assert [value.success for value in values] == [True, False, False]
