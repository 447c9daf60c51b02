"""Forward kinematics against MuJoCo's own data, and what asks for them and pays for them."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import gymnasium
import mujoco
import numpy as np
import pytest
from numpy.typing import NDArray

from envs.card import EnvCard, Kinematics, Variable, card
from envs.engines.envpool import EnvPoolEngine
from envs.errors import CardMismatch
from envs.kinematics import FARTHEST, kinematics
from envs.rollout import Collected, Collector
from envs.sources import Posed, parse_source
from envs.variables import Layout

Values = NDArray[np.float64]
STATES = 200
SOURCES = {
    "Hopper-v5": ["position(geom foot_geom)", "contact(geom foot_geom)", "clearance(geom torso_geom)", "orientation(body leg)"],
    "Walker2d-v5": ["contact(geom foot_geom)", "contact(geom foot_left_geom)", "position(body torso)"],
    "HalfCheetah-v5": ["contact(geom bfoot)", "clearance(geom ffoot)", "orientation(body fthigh)"],
    "Ant-v5": ["contact(geom left_ankle_geom)", "clearance(geom right_ankle_geom)", "orientation(body front_left_leg)"],
}  # fmt: skip


def posed(name: str) -> dict[str, Posed]:
    sources = {source: parse_source(source) for source in SOURCES[name]}
    return {text: source for text, source in sources.items() if isinstance(source, Posed)}


def truth(model: mujoco.MjModel, data: mujoco.MjData, wanted: Posed) -> Values:
    """MuJoCo's own answer in a state that `mj_forward` was called on; a contact is one that it made itself."""
    part = data.geom(wanted.name) if wanted.kind == "geom" else data.body(wanted.name)
    if wanted.quantity == "position":
        return np.array(part.xpos)
    if wanted.quantity == "orientation":
        return np.array(part.xquat)
    pair = {model.geom(wanted.name).id, model.geom("floor").id}
    if wanted.quantity == "contact":
        return np.array([any({one.geom1, one.geom2} == pair for one in data.contact[: data.ncon])], float)
    return np.array([mujoco.mj_geomDistance(model, data, *sorted(pair), FARTHEST, None)])


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_poses_are_those_of_mujocos_own_data_in_every_state(name: str) -> None:
    wanted = posed(name)
    env = gymnasium.make(card(name).engine.reference).unwrapped
    random = np.random.default_rng(0)
    positions, expected = list[Values](), {text: list[Values]() for text in wanted}
    for step in range(STATES):
        if step % 50 == 0:
            env.reset(seed=step)
        env.step(random.uniform(-1, 1, env.model.nu))
        data = mujoco.MjData(env.model)
        data.qpos[:] = env.data.qpos
        mujoco.mj_forward(env.model, data)
        positions.append(data.qpos.copy())
        for text, one in wanted.items():
            expected[text].append(truth(env.model, data, one))
    found = kinematics(card(name), tuple(wanted.values())).values(np.array(positions, np.float32))
    for text, one in wanted.items():
        values = np.array(expected[text])
        # positions in float32 are off by less than 1e-6 m, 1000 times less than the least margin of a contact here
        np.testing.assert_allclose(found[one].reshape(values.shape), values, atol=2e-6, err_msg=text)
        if one.quantity == "contact":
            assert 0 < values.mean() < 1, f"{text}: both kinds of states must be among them"


def test_threads_that_pose_one_model_at_once_do_not_disturb_each_other() -> None:
    # a generation's candidates are trained in threads of one process
    wanted = tuple(posed("Ant-v5").values())
    positions = np.random.default_rng(0).uniform(-0.5, 0.5, (8, 4096, 15)).astype(np.float32)
    expected = [kinematics(card("Ant-v5"), wanted).values(part) for part in positions]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(kinematics(card("Ant-v5"), wanted).values, positions))
    for mine, theirs in zip(found, expected, strict=True):
        for one in wanted:
            np.testing.assert_array_equal(mine[one], theirs[one])


def test_a_card_that_poses_other_positions_than_the_models_is_refused_with_both_numbers() -> None:
    ours = card("Hopper-v5").model_copy(
        update={"id": "Hopper-posed-wrongly", "kinematics": Kinematics(positions=("obs[0]",))}
    )
    with pytest.raises(
        CardMismatch, match=r"the 6 generalised positions \(qpos\) of the reference Hopper-v5, got sources of 1"
    ):
        Layout(ours).values(["foot_contact"], np.zeros((2, Layout(ours).width), np.float32))


def test_a_part_that_the_model_does_not_have_is_refused_with_those_it_has() -> None:
    with pytest.raises(CardMismatch, match=r"no geom 'paw'; known: floor, torso_geom, .*foot_geom"):
        kinematics(card("Hopper-v5"), (Posed("contact", "geom", "paw"),))


def with_variable(ours: EnvCard, source: str, size: int = 0) -> EnvCard:
    unit = "m" if source.startswith(("position", "clearance")) else "1"
    added = Variable(
        name="asked_for", size=size, unit=unit, role="contact", source=source, about="A test's own variable."
    )
    return ours.model_copy(
        update={"variables": (*ours.variables, added), "kinematics": Kinematics(positions=("obs[0:6]",))}
    )


def rollout(layout: Layout, steps: int = 64) -> Collected:
    engine, random = EnvPoolEngine(layout, [1, 2, 3], 1), np.random.default_rng(0)
    try:
        torques = random.uniform(-1, 1, (steps, 3, layout.card.action.size)).astype(np.float32)
        return Collector(engine, layout).collect(steps, lambda t, _: torques[t])
    finally:
        engine.close()


def test_a_posed_variable_of_a_rollout_is_given_now_and_before_the_step() -> None:
    layout = Layout(with_variable(card("Hopper-v5"), "position(geom torso_geom)", size=3))
    transitions = rollout(layout).transitions
    inputs = layout.inputs(["asked_for", "prev_asked_for", "torso_height", "prev_torso_height"], transitions)
    # the torso's capsule is centred on the torso's own frame, whose height the observation shows
    np.testing.assert_allclose(inputs["asked_for"][:, 2], inputs["torso_height"], atol=1e-6)
    np.testing.assert_allclose(inputs["prev_asked_for"][:, 2], inputs["prev_torso_height"], atol=1e-6)
    assert inputs["asked_for"].dtype == np.float32
    assert layout.values(["asked_for"], transitions.frames)["asked_for"].shape == (65, 3, 3)


def test_who_does_not_ask_for_a_pose_does_not_pay_for_it() -> None:
    # a geom that is not there is found out when it is asked for, and only then
    layout = Layout(with_variable(card("Hopper-v5"), "contact(geom paw)"))
    transitions = rollout(layout, 8).transitions
    assert "asked_for" not in layout.free
    assert set(layout.values(layout.free, transitions.frames)) == set(layout.free)
    assert layout.inputs(["torso_height"], transitions)["torso_height"].shape == (24,)
    with pytest.raises(CardMismatch, match="no geom 'paw'"):
        layout.inputs(["asked_for"], transitions)


def test_turns_are_counted_over_rollouts_and_begin_anew_with_an_episode() -> None:
    ours = card("Ant-lie-down")
    added = Variable(
        name="turns", size=0, unit="turns", role="angle", source="turns(obs[3:7], z)", about="Turns about its own z."
    )
    layout = Layout(ours.model_copy(update={"variables": (*ours.variables, added), "max_steps": 40}))
    engine, random = EnvPoolEngine(layout, [1, 2], 2), np.random.default_rng(1)
    torques = random.uniform(-1, 1, (100, 2, 8)).astype(np.float32)
    try:
        collector = Collector(engine, layout)
        parts = [collector.collect(n, lambda t, _: torques[t]).transitions for n in (30, 5, 40)]
    finally:
        engine.close()
    counted = [layout.variable("turns", part.frames) for part in parts]
    np.testing.assert_array_equal(counted[0][0], 0)
    np.testing.assert_array_equal(counted[1][0], counted[0][-1])
    np.testing.assert_array_equal(counted[2][0], counted[1][-1])
    # after 40 steps of at most half a turn each comes a step that only resets, and the count is 0 again
    assert (counted[2][6] == 0).all()
    assert (counted[2][5] != 0).all()
    assert layout.variable("turns", parts[0].frames[:1]).shape == (1, 2)
    assert dataclasses.replace(parts[0]).frames.shape[-1] == layout.width == layout.shown + 1
