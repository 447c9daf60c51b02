"""Training and reference are one physics: EnvPool's states, put into the reference implementation, go on in the same way."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import gymnasium
import mujoco
import numpy as np
import pytest
from numpy.typing import NDArray

from envs.card import EnvCard, card
from envs.engines.envpool import EnvPoolEngine
from envs.variables import Layout

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import envpool

MakeEngine = Callable[..., EnvPoolEngine]
State = NDArray[np.float64]
MUJOCO = ["Ant-lie-down", "Ant-v5", "HalfCheetah-v5", "Hopper-backflip", "Hopper-v5", "Walker2d-v5"]
CLIPPED = {"Hopper-v5", "Walker2d-v5"}
STEPS = 25


class Reference:
    """Gymnasium's environment of a card, which can be put into any state `[nq + nv]`."""

    def __init__(self, ours: EnvCard) -> None:
        self.env = gymnasium.make(ours.engine.reference, **ours.engine.arguments).unwrapped
        self.env.reset(seed=0)
        self.model: mujoco.MjModel = self.env.model
        self.data: mujoco.MjData = self.env.data

    def put(self, observation: State) -> None:
        positions = self.model.nq
        self.env.set_state(observation[:positions], observation[positions : positions + self.model.nv])


def torques(ours: EnvCard) -> State:
    """Gentle enough for velocities to stay below 10, where the observations of Hopper and Walker clip them."""
    scale = 0.1 if ours.engine.task == "Walker2d-v5" else 0.4
    return np.random.default_rng(1).uniform(-scale, scale, (STEPS, 1, ours.action.size))


def raw_pool(ours: EnvCard) -> envpool.python.protocol.EnvPool:
    """The pool that the engine steps, before it makes float32 of what it gives."""
    return envpool.make_gymnasium(
        ours.engine.task, num_envs=1, env_seed=[5], num_threads=1, max_episode_steps=1000, **ours.engine.arguments
    )


@pytest.mark.parametrize("name", MUJOCO)
def test_one_step_from_the_same_state_with_the_same_action_ends_in_the_same_state(name: str) -> None:
    ours = card(name)
    reference, pool = Reference(ours), raw_pool(ours)
    observation = pool.reset()[0][0]
    for action in torques(ours):
        reference.put(observation)
        expected, _, terminated, _, _ = reference.env.step(action[0])
        observations, _, ends, _, _ = pool.step(action)
        observation = observations[0]
        if reference.env.spec.id in CLIPPED:
            # not clipped: the observation is the whole state
            assert np.abs(observation[reference.model.nq :]).max() < 10
        np.testing.assert_allclose(observation, expected, rtol=0, atol=1e-9)
        assert ends[0] == terminated
        if terminated:
            break
    pool.close()


@pytest.mark.parametrize("name", MUJOCO)
def test_the_human_reward_is_the_references_own(name: str) -> None:
    ours = card(name)
    reference, pool = Reference(ours), raw_pool(ours)
    reference.put(pool.reset()[0][0])
    for action in torques(ours)[:10]:
        expected = reference.env.step(action[0])[1]
        # EnvPool's rewards are float32
        assert pool.step(action)[1][0] == pytest.approx(expected, rel=1e-6, abs=1e-6)
    pool.close()


@pytest.mark.parametrize("name", MUJOCO)
def test_a_step_takes_as_long_as_the_references(name: str) -> None:
    ours = card(name)
    reference = Reference(ours)
    # simulated seconds per step of MuJoCo times steps of MuJoCo per action
    assert ours.dt == pytest.approx(reference.model.opt.timestep * reference.env.frame_skip, rel=1e-12)


def test_a_step_of_the_arm_takes_as_long_as_its_model_says() -> None:
    ours = card("FetchReach-v4")
    config = envpool.make_spec(ours.engine.task).config
    model = Path(config.base_path) / "mujoco" / "robotics" / "assets" / "fetch" / "reach.xml"
    timestep = mujoco.MjModel.from_xml_path(str(model)).opt.timestep
    assert ours.dt == pytest.approx(timestep * config.frame_skip, rel=1e-12)


@pytest.mark.parametrize("name", MUJOCO)
def test_actuators_are_named_in_the_order_and_with_the_strength_of_the_model(name: str) -> None:
    ant_joints = [f"{joint}_{leg}" for leg in (4, 1, 2, 3) for joint in ("hip", "ankle")]
    joints = {
        "Ant-lie-down": ant_joints,
        "Ant-v5": ant_joints,
        "HalfCheetah-v5": ["bthigh", "bshin", "bfoot", "fthigh", "fshin", "ffoot"],
        "Hopper-backflip": ["thigh_joint", "leg_joint", "foot_joint"],
        "Hopper-v5": ["thigh_joint", "leg_joint", "foot_joint"],
        "Walker2d-v5": [f"{joint}{side}_joint" for side in ("", "_left") for joint in ("thigh", "leg", "foot")],
    }
    ours = card(name)
    model = Reference(ours).model
    driven = [model.joint(int(model.actuator(i).trnid[0])).name for i in range(model.nu)]
    assert driven == joints[name]
    assert len(ours.action.names) == model.nu
    gears = [f"{model.actuator(i).gear[0]:.0f}" for i in range(model.nu)]
    told = ", ".join(gears) if len(set(gears)) > 1 else gears[0]
    assert f"{told} N m" in ours.action.unit


@pytest.mark.parametrize("name", ["Hopper-v5", "Walker2d-v5"])
def test_a_positive_torso_angle_leans_the_torso_forward(name: str) -> None:
    reference = Reference(card(name))
    state = np.concatenate([reference.env.init_qpos, reference.env.init_qvel])
    state[2] = 0.3
    reference.put(state)
    up = reference.data.body("torso").xmat.reshape(3, 3)[:, 2]  # the torso's own z axis in the world
    # x points forward: sin(0.3) forward, cos(0.3) up
    np.testing.assert_allclose(up, [np.sin(0.3), 0, np.cos(0.3)], atol=1e-12)


def test_a_positive_torso_angle_points_the_cheetahs_head_down() -> None:
    reference = Reference(card("HalfCheetah-v5"))
    state = np.concatenate([reference.env.init_qpos, reference.env.init_qvel])
    state[2] = 0.3
    reference.put(state)
    head, torso = reference.data.geom("head").xpos, reference.data.body("torso").xpos
    assert head[0] > torso[0]
    along = reference.data.body("torso").xmat.reshape(3, 3)[:, 0]
    np.testing.assert_allclose(along, [np.cos(0.3), 0, -np.sin(0.3)], atol=1e-12)


@pytest.mark.parametrize("name", ["HalfCheetah-v5", "Hopper-v5", "Hopper-backflip", "Walker2d-v5"])
def test_a_torso_angle_counts_on_over_full_turns(name: str) -> None:
    ours = card(name)
    reference = Reference(ours)
    state = np.concatenate([reference.env.init_qpos, reference.env.init_qvel])
    state[2] = -7.0  # more than one turn backwards
    reference.put(state)
    observation, *_ = reference.env.step(np.zeros(ours.action.size))
    angle = Layout(ours).variable("torso_angle", observation.astype(np.float32))
    assert angle == pytest.approx(-7.0, abs=0.1)


@pytest.mark.parametrize("name", ["Ant-v5", "Walker2d-v5"])
def test_the_policy_sees_what_the_references_default_observation_shows(name: str) -> None:
    ours = card(name)
    shown, default = Reference(ours).env, gymnasium.make(name).unwrapped
    whole, seen = shown.reset(seed=3)[0], default.reset(seed=3)[0]
    for action in torques(ours)[:10, 0]:
        np.testing.assert_array_equal(whole[Layout(ours).policy_columns], seen)
        whole, seen = shown.step(action)[0], default.step(action)[0]


def test_the_legs_of_the_ant_stand_where_its_card_says() -> None:
    data = Reference(card("Ant-v5")).data
    # +x is forward and +y to the left: front left, back left, back right, front right
    for leg, quadrant in enumerate([(1, 1), (-1, 1), (-1, -1), (1, -1)], start=1):
        ankle = data.joint(f"ankle_{leg}").xanchor - data.body("torso").xpos
        assert tuple(np.sign(ankle[:2])) == quadrant


def test_the_arms_observation_is_what_its_variables_say(engine: MakeEngine) -> None:
    ours = card("FetchReach-v4")
    layout, made = Layout(ours), engine(ours, [5])
    before = made.reset()
    for action in np.random.default_rng(1).uniform(-1, 1, (10, 1, 4)).astype(np.float32):
        after = made.step(action).frames
        np.testing.assert_array_equal(layout.variable("gripper_position", after), after[:, :3])
        moved = layout.variable("gripper_position", after) - layout.variable("gripper_position", before)
        np.testing.assert_allclose(layout.variable("gripper_velocity", after), moved, atol=0.02)
        before = after
