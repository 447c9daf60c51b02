from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from envs.card import EnvCard, card, cards
from envs.engines.envpool import EnvPoolEngine
from envs.errors import CardMismatch
from envs.recording import record_transitions
from envs.seeds import environment_seeds
from sandbox import SandboxedReward, check_step_expression
from tests.representatives import REPRESENTATIVES

MakeEngine = Callable[..., EnvPoolEngine]


@pytest.mark.parametrize("name", sorted(cards()))
def test_every_shipped_card_describes_its_environment(engine: MakeEngine, name: str) -> None:
    ours = card(name)
    made = engine(ours, [1, 2])
    frames = made.reset()
    assert frames.shape == (2, sum(ours.observation.values()))
    assert frames.dtype == np.float32
    step = made.step(np.zeros((2, ours.action.size), np.float32))
    assert step.frames.shape == frames.shape
    assert step.rewards.dtype == np.float32
    assert np.isfinite(step.frames).all()


def wrong(name: str, **changes: object) -> EnvCard:
    return card(name).model_copy(update=changes)


def test_a_card_with_another_observation_is_refused_with_both_sizes(engine: MakeEngine) -> None:
    with pytest.raises(
        CardMismatch,
        match=r"Hopper-v5 \(_hopper\.toml:\d+\): the card says observation \{'obs': 13\}.* has \{'obs': 12\}",
    ):
        engine(wrong("Hopper-v5", observation={"obs": 13}), [1])


def test_a_card_with_other_parts_is_refused_with_the_parts_there_are(engine: MakeEngine) -> None:
    parts = {"observation": 10, "achieved_goal": 3, "desired_goal": 3, "image": 5}
    with pytest.raises(CardMismatch, match=r"'image': 5.*the environment has \{[^}]*'desired_goal': 3\}"):
        engine(wrong("FetchReach-v4", observation=parts), [1])


def test_a_card_with_other_actuators_is_refused_with_both_numbers(engine: MakeEngine) -> None:
    action = card("Hopper-v5").action.model_copy(update={"names": ("hip", "knee")})
    with pytest.raises(CardMismatch, match="names 2 actuators, the environment has 3"):
        engine(wrong("Hopper-v5", action=action), [1])


def test_a_card_with_other_bounds_is_refused_with_both(engine: MakeEngine) -> None:
    action = card("Hopper-v5").action.model_copy(update={"high": 5.0})
    with pytest.raises(CardMismatch, match=r"actions lie in \[-1\.0, 5\.0\], the environment clips them to \[-1, 1\]"):
        engine(wrong("Hopper-v5", action=action), [1])


def test_an_info_of_several_numbers_is_refused_as_a_variable(engine: MakeEngine) -> None:
    ours = card("Go1JoystickFlatTerrain-v1")
    made = engine(wrong(ours.id, variables=(ours.variables[0].model_copy(update={"source": "info.command"}),)), [1])
    with pytest.raises(CardMismatch, match="expected an info of one number, got 3 of command"):
        made.reset()


def test_a_card_of_no_task_is_refused_with_the_nearest_tasks(engine: MakeEngine) -> None:
    other = card("Hopper-v5").engine.model_copy(update={"task": "Hoper-v5"})
    with pytest.raises(CardMismatch, match=r"unknown EnvPool task 'Hoper-v5'; did you mean Hopper-v5"):
        engine(wrong("Hopper-v5", engine=other), [1])


def test_a_card_with_an_argument_that_the_task_does_not_take_is_refused_with_it(engine: MakeEngine) -> None:
    other = card("Hopper-v5").engine.model_copy(update={"arguments": {"gravity": 1.6}})
    with pytest.raises(CardMismatch, match=r"Hopper-v5 does not take the arguments \{'gravity': 1\.6\}"):
        engine(wrong("Hopper-v5", engine=other), [1])


def test_an_environment_of_discrete_actions_is_refused(engine: MakeEngine) -> None:
    other = card("Hopper-v5").engine.model_copy(update={"task": "CartPole-v1", "arguments": {}})
    with pytest.raises(CardMismatch, match=r"expected .* a continuous action space, got CartPole-v1 with Discrete\(2"):
        engine(wrong("Hopper-v5", engine=other), [1])


def test_a_variable_of_an_info_that_is_not_there_is_refused_with_the_infos_there_are(engine: MakeEngine) -> None:
    ours = card("Hopper-v5")
    lost = ours.variables[0].model_copy(update={"source": "info.altitude"})
    made = engine(wrong("Hopper-v5", variables=(lost, *ours.variables[1:])), [1])
    with pytest.raises(CardMismatch, match=r"no info altitude; the environment gives .*x_position"):
        made.reset()


@pytest.mark.parametrize("name", [*REPRESENTATIVES, "CartpoleSwingup-v1", "Go1Getup-v1", "HandPen-spin"])
def test_recorded_transitions_give_every_name_a_reward_may_use(name: str) -> None:
    ours = card(name)
    recorded = record_transitions(ours, count=200, seed=3)
    assert set(recorded) == set(ours.parameters)
    rows = len(recorded["time"])
    assert rows >= 200
    for variable, size in ours.parameters.items():
        values = recorded[variable]
        assert values.shape == ((rows, size) if size else (rows,)), variable
        assert values.dtype == np.float32
        assert np.isfinite(values).all()
    assert recorded["time"].min() == np.float32(ours.dt)
    assert np.abs(recorded["action"]).max() <= ours.action.high


def test_recording_is_a_function_of_its_seed() -> None:
    ours = card("Hopper-v5")
    first, again, other = (record_transitions(ours, 200, seed) for seed in (3, 3, 4))
    for name in first:
        np.testing.assert_array_equal(first[name], again[name])
    assert (first["torso_angle"][:50] != other["torso_angle"][:50]).any()


@pytest.mark.parametrize("name", sorted(cards()))
def test_the_sparse_reward_of_every_card_is_1_0_or_minus_1_whatever_it_reads(name: str) -> None:
    ours, random = card(name), np.random.default_rng(3)
    drawn = {
        variable: random.normal(size=(64, size) if size else 64).astype(np.float32)
        for variable, size in ours.parameters.items()
    }
    drawn["terminated"] = (drawn["terminated"] > 0).astype(np.float32)
    with SandboxedReward(check_step_expression(ours.sparse_reward, ours.parameters), ours.parameters, 64) as reward:
        assert set(np.unique(reward(drawn).total)) <= {-1.0, 0.0, 1.0}


def test_environment_seeds_differ_and_follow_from_their_numbers_alone() -> None:
    seeds = environment_seeds(64, 7, 1, 2)
    assert seeds == environment_seeds(64, 7, 1, 2)
    assert environment_seeds(8, 7, 1, 2) == seeds[:8]
    assert len({*seeds, *environment_seeds(64, 7, 1, 3), *environment_seeds(64, 8, 1, 2)}) == 3 * 64
    assert all(0 <= seed < 2**31 for seed in seeds)
