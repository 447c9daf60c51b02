"""Every variable of Gymnasium's MuJoCo environments, read through its card, is what MuJoCo's own data says by name."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator

import mujoco
import numpy as np
import pytest
from gymnasium.envs.mujoco import MujocoEnv
from numpy.typing import NDArray

from envs.card import EnvCard, card, cards
from envs.reference import make_reference
from envs.turning import turns
from envs.variables import Floats, Layout
from tests.integration.envs.meanings_gymnasium import AS_LEFT, COUNTED, MEANINGS

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import envpool

Values = NDArray[np.float64]
OURS = sorted(name for name in cards() if card(name).family == "gymnasium-mujoco")
STATES = 30
POSTURES = np.array([[1.0, 0, 0, 0], [0, 1, 0, 0], [1, 0, 1, 0], [1, 0, -1, 0]])
"""Quaternions (w, x, y, z): as the model stands, upside down, turned by a quarter either way about y."""


@pytest.fixture(params=OURS)
def reference(request: pytest.FixtureRequest) -> Iterator[tuple[EnvCard, MujocoEnv]]:
    ours = card(request.param)
    made = make_reference(ours)
    assert isinstance(made.unwrapped, MujocoEnv)
    made.reset(seed=0)
    yield ours, made.unwrapped
    made.close()


def put_anywhere(env: MujocoEnv, random: np.random.Generator) -> None:
    """Joints near their start or anywhere in range; robots upright, upside down, lying or turned anyhow, on or above the floor."""
    model, lift = env.model, None
    positions, bent = env.init_qpos.copy(), random.choice([0.1, 1.0])
    for joint in (model.joint(i) for i in range(model.njnt)):
        at = int(joint.qposadr[0])
        if joint.type[0] == mujoco.mjtJoint.mjJNT_FREE:
            positions[at : at + 2], lift = random.uniform(-2, 2, 2), at + 2
            turn = random.choice(POSTURES) + random.normal(size=4) * random.choice([0.05, 5.0])
            positions[at + 3 : at + 7] = turn / np.linalg.norm(turn)
        elif joint.type[0] == mujoco.mjtJoint.mjJNT_HINGE:
            low, high = joint.range if joint.limited[0] else (-4.0, 4.0)
            positions[at] += bent * (random.uniform(low, high) - positions[at])
        elif joint.name == "rootz":
            lift = at
        else:
            # a little over where a rail ends, so that it pushes back
            reach = 1.02 * min(joint.range[1], 1.0) if joint.limited[0] else 2.0
            positions[at] = random.uniform(-reach, reach)
    env.set_state(positions, random.normal(size=model.nv))
    if lift is not None:
        positions[lift] -= min(_lowest(env, i) for i in range(model.ngeom)) - random.uniform(-0.03, 0.05)
        env.set_state(positions, random.normal(size=model.nv))


def _lowest(env: MujocoEnv, geom: int) -> float:
    kind, size = env.model.geom_type[geom], env.model.geom_size[geom]
    if kind == mujoco.mjtGeom.mjGEOM_PLANE:
        return np.inf
    half = 0.0 if kind == mujoco.mjtGeom.mjGEOM_SPHERE else size[1]
    return float(env.data.geom_xpos[geom, 2] - abs(half * env.data.geom_xmat[geom, 8]) - size[0])


def test_every_variable_of_these_cards_has_a_meaning_here_or_is_counted() -> None:
    assert set(MEANINGS) == set(OURS)
    for name in OURS:
        counted = {variable.name for variable in card(name).variables if variable.source.startswith("turns(")}
        assert set(MEANINGS[name]) | counted == set(card(name).sizes), name
        assert counted <= set(COUNTED), name


def test_every_variable_is_what_mujocos_own_data_says(reference: tuple[EnvCard, MujocoEnv]) -> None:
    ours, env = reference
    layout, random = Layout(ours), np.random.default_rng(3)
    frames, expected = list[Values](), {name: list[Values]() for name in MEANINGS[ours.id]}
    for _ in range(STATES):
        put_anywhere(env, random)
        for _ in range(3):
            observation, *_ = env.step(random.uniform(ours.action.low, ours.action.high, ours.action.size))
            state = copy.copy(env.data)
            mujoco.mj_forward(env.model, state)
            frames.append(observation)
            for name, meaning in MEANINGS[ours.id].items():
                expected[name].append(np.array(meaning(env.model, env.data if name in AS_LEFT else state)))
    found = layout.values(expected, _whole(layout, np.array(frames)))
    for name, values in expected.items():
        assert np.ptp(values, axis=0).any() or name == "goal", f"{name} never moves, which proves nothing"
        # float32 holds 24 bits, 6e-8 of a value; poses are worked out from positions that are so rounded
        np.testing.assert_allclose(found[name], np.array(values), rtol=1e-6, atol=1e-5, err_msg=name)


def _whole(layout: Layout, shown: Values) -> Floats:
    frames = np.zeros((len(shown), layout.width), np.float32)
    frames[:, : layout.shown] = shown
    return frames


def test_bodies_that_a_step_leaves_behind_are_a_hundredth_of_a_second_behind_at_most() -> None:
    for name, variable in (("Reacher-v5", "target_to_fingertip"), ("Pusher-v5", "hand_position")):
        ours = card(name)
        env, random = make_reference(ours).unwrapped, np.random.default_rng(0)
        assert isinstance(env, MujocoEnv)
        env.reset(seed=0)
        assert env.model.opt.timestep == 0.01
        for _ in range(ours.max_steps):
            before = np.array(MEANINGS[name][variable](env.model, env.data))
            env.step(random.uniform(ours.action.low, ours.action.high, ours.action.size))
            state = copy.copy(env.data)
            mujoco.mj_forward(env.model, state)
            left, now = (np.array(MEANINGS[name][variable](env.model, data)) for data in (env.data, state))
            # a step takes at least two such substeps, so that most of the way is already gone
            assert np.linalg.norm(now - left) <= 0.5 * np.linalg.norm(now - before) + 1e-3
        env.close()


@pytest.mark.parametrize("name", [name for name in OURS if set(card(name).sizes) & set(COUNTED)])
def test_turns_are_counted_about_the_torsos_own_axis_and_over_full_turns(name: str) -> None:
    ours = card(name)
    layout, env = Layout(ours), make_reference(ours).unwrapped
    assert isinstance(env, MujocoEnv)
    env.reset(seed=0)
    (variable,) = set(ours.sizes) & set(COUNTED)
    axis = np.eye(3)[COUNTED[variable]]
    # a torso that leans anyhow turns 2.75 times to the left about its own axis, then 1.5 times back
    lean = np.array([0.9, 0.3, -0.2, 0.24])
    lean /= np.linalg.norm(lean)
    course = np.concatenate([np.linspace(0, 2.75, 60), np.linspace(2.75, 1.25, 40)])
    frames = []
    for turned in course:
        own, whole = np.zeros(4), np.zeros(4)
        mujoco.mju_axisAngle2Quat(own, axis, 2 * np.pi * turned)
        mujoco.mju_mulQuat(whole, lean, own)
        positions = env.init_qpos.copy()
        positions[3:7] = whole
        env.set_state(positions, env.init_qvel)
        frames.append(env._get_obs())
    env.close()
    told = _whole(layout, np.array(frames))[:, None]
    begin = np.arange(len(course))[:, None] == 0
    for counter in layout.counters:
        told[..., counter.column] = turns(told[..., counter.quaternion], counter.axis, begin, np.zeros(1, np.float32))
    np.testing.assert_allclose(layout.variable(variable, told)[:, 0], course, atol=1e-5)


def positions_of(ours: EnvCard, model: mujoco.MjModel, shown: Values) -> tuple[Values, Values]:
    """Generalised positions and velocities of what an environment shows before anything is clipped."""
    if ours.engine.task == "Reacher-v5":
        return np.concatenate([np.arctan2(shown[2:4], shown[:2]), shown[4:6]]), np.append(shown[6:8], [0.0, 0.0])
    if ours.engine.task == "InvertedDoublePendulum-v5":
        return np.append(shown[0], np.arctan2(shown[1:3], shown[3:5])), shown[5:8]
    if ours.engine.task == "Pusher-v5":
        # both slide along y first
        moved = [shown[at : at + 2] - model.body(part).pos[:2] for part, at in (("object", 17), ("goal", 20))]
        return np.concatenate([shown[:7], *(way[::-1] for way in moved)]), np.append(shown[7:14], np.zeros(4))
    return shown[: model.nq], shown[model.nq : model.nq + model.nv]


def test_what_envpool_shows_is_what_the_reference_shows(reference: tuple[EnvCard, MujocoEnv]) -> None:
    ours, env = reference
    pool = envpool.make_gymnasium(
        ours.engine.task, num_envs=1, env_seed=[5], num_threads=1, max_episode_steps=ours.max_steps, **ours.engine.arguments
    )  # fmt: skip
    shown, random = pool.reset()[0][0], np.random.default_rng(1)
    env.set_state(*positions_of(ours, env.model, shown))
    for _ in range(12):
        action = random.uniform(ours.action.low, ours.action.high, ours.action.size) / 4
        expected, _, terminated, _, _ = env.step(action)
        shown, _, ended, _, _ = (part[0] if not isinstance(part, dict) else part for part in pool.step(action[None]))
        np.testing.assert_allclose(shown, expected, rtol=1e-6, atol=1e-6)
        assert ended == terminated
        if ended:
            break
    pool.close()
