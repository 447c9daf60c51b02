"""One card drives both engines: the reference environments as the collector sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pytest

from envs.card import EnvCard, card
from envs.engines.envpool import EnvPoolEngine
from envs.engines.gymnasium import GymnasiumEngine
from envs.errors import CardMismatch, ReferenceUnavailable
from envs.reference import reference_arguments
from envs.rollout import Collector
from envs.variables import Layout, Transitions

MakeEngine = Callable[..., GymnasiumEngine]
HOPPER = card("Hopper-v5")


@pytest.fixture
def reference() -> Iterator[MakeEngine]:
    """Makes reference engines of a card that are closed after the test."""
    made: list[GymnasiumEngine] = []

    def make(ours: EnvCard, seeds: Sequence[int]) -> GymnasiumEngine:
        made.append(GymnasiumEngine(Layout(ours), seeds))
        return made[-1]

    yield make
    for one in made:
        one.close()


def collected(engine: GymnasiumEngine, ours: EnvCard, steps: int, environments: int) -> Transitions:
    shape = (steps, environments, ours.action.size)
    actions = np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)
    return Collector(engine, Layout(ours)).collect(steps, lambda t, _: actions[t]).transitions


def hopper(**changes: object) -> EnvCard:
    return HOPPER.model_copy(update=changes)


def with_engine(**changes: object) -> EnvCard:
    return hopper(engine=HOPPER.engine.model_copy(update=changes))


def test_the_frame_of_the_step_that_ended_is_the_fallen_hopper_and_the_next_only_resets(reference: MakeEngine) -> None:
    hops, layout = collected(reference(HOPPER, [1, 2]), HOPPER, 200, 2), Layout(HOPPER)
    after = hops.frames[1:]
    assert hops.terminated.sum() > 4
    lying = (layout.variable("torso_height", after) < 0.7) | (np.abs(layout.variable("torso_angle", after)) > 0.2)
    assert lying[hops.terminated].all()
    resets = ~hops.valid
    np.testing.assert_array_equal(resets[1:], hops.terminated[:-1])
    assert (hops.rewards[resets] == 0).all()
    # a first frame: the model's own pose, each joint and each velocity moved by at most 0.005
    start = np.array([0, 1.25, *[0] * 10])
    assert np.abs(after[resets] - start).max() <= 0.005 + 1e-6


def test_an_episode_is_truncated_after_the_cards_steps_and_not_the_references(reference: MakeEngine) -> None:
    ours = card("HalfCheetah-v5").model_copy(update={"max_steps": 7})
    runs = collected(reference(ours, [1]), ours, 16, 1)
    # episodes of 7 steps, each followed by one that only resets: they end with the steps 6 and 6 + 8
    assert np.flatnonzero(runs.truncated).tolist() == [6, 14]
    assert not runs.terminated.any()


def test_a_fall_in_the_last_step_allowed_is_told_as_envpool_tells_it(reference: MakeEngine) -> None:
    fall = int(np.flatnonzero(collected(reference(HOPPER, [1]), HOPPER, 200, 1).terminated)[0]) + 1
    shorter = hopper(max_steps=fall)
    hops = collected(reference(shorter, [1]), shorter, fall, 1)
    assert hops.truncated[-1]
    assert not hops.terminated.any()


def test_a_trajectory_follows_from_its_seed_whoever_is_beside_it(reference: MakeEngine) -> None:
    ours = card("HalfCheetah-v5")
    together, alone = collected(reference(ours, [5, 6]), ours, 20, 2), collected(reference(ours, [5]), ours, 20, 1)
    first = reference(ours, [5, 6]).reset()
    np.testing.assert_array_equal(first, together.frames[0])
    np.testing.assert_array_equal(first[:1], alone.frames[0])
    assert (first[0] != first[1]).any()


def test_a_variable_that_reads_an_info_is_there_in_both_engines(reference: MakeEngine) -> None:
    speed = HOPPER.variables[1].model_copy(update={"name": "speed", "source": "info.x_velocity"})
    ours = hopper(variables=(*HOPPER.variables, speed))
    layout, made = Layout(ours), reference(ours, [1])
    frames = np.stack([made.reset(), made.step(np.zeros((1, 3), np.float32)).frames])
    # after a reset there is no velocity yet, and both give 0; then it is the way of one step over its 0.008 s
    x = layout.variable("x_position", frames)
    np.testing.assert_allclose(layout.variable("speed", frames)[:, 0], [0, (x[1, 0] - x[0, 0]) / 0.008], atol=1e-4)
    pool = EnvPoolEngine(layout, [1], threads=1)
    assert layout.variable("speed", pool.reset()) == 0
    pool.close()


def test_a_first_frame_shows_the_state_of_the_simulation(reference: MakeEngine) -> None:
    made = reference(card("HalfCheetah-v5"), [1])
    model, data = made.simulation(0)
    frame = made.reset()[0]
    np.testing.assert_array_equal(frame, np.concatenate([data.qpos, data.qvel]).astype(np.float32))
    assert model.nq + model.nv == len(frame)


def test_a_card_with_another_observation_is_refused_with_both_sizes() -> None:
    with pytest.raises(CardMismatch, match=r"observation \{'obs': 13\}, the reference Hopper-v5 has \{'obs': 12\}"):
        GymnasiumEngine(Layout(hopper(observation={"obs": 13})), [1])


def test_a_card_whose_arguments_hide_what_it_reads_is_refused_with_both_sizes() -> None:
    hiding = with_engine(arguments={"exclude_current_positions_from_observation": True})
    with pytest.raises(CardMismatch, match=r"\{'obs': 12\}, the reference Hopper-v5 has \{'obs': 11\}"):
        GymnasiumEngine(Layout(hiding), [1])


def test_a_card_with_other_actuators_is_refused_with_both_numbers() -> None:
    ours = hopper(action=HOPPER.action.model_copy(update={"names": ("hip", "knee")}))
    with pytest.raises(CardMismatch, match="names 2 actuators, the reference Hopper-v5 has 3"):
        GymnasiumEngine(Layout(ours), [1])


def test_a_variable_of_an_info_that_is_not_there_is_refused_with_the_infos_there_are() -> None:
    lost = HOPPER.variables[0].model_copy(update={"source": "info.altitude"})
    ours = hopper(variables=(lost, *HOPPER.variables[1:]))
    with pytest.raises(CardMismatch, match=r"no info altitude; the reference Hopper-v5 gives .*x_position"):
        GymnasiumEngine(Layout(ours), [1])


def test_an_argument_that_the_reference_does_not_take_is_refused_with_it() -> None:
    ours = with_engine(arguments={"gravity": 1.6})
    with pytest.raises(CardMismatch, match=r"Hopper-v5 does not take the arguments \{'gravity': 1\.6\}"):
        GymnasiumEngine(Layout(ours), [1])


def test_a_reference_that_is_not_installed_is_refused_with_its_id_and_where_such_come_from() -> None:
    with pytest.raises(ReferenceUnavailable, match=r"'Unheard-v1' in Gymnasium, got no such id.*'gymnasium\[mujoco\]'"):
        GymnasiumEngine(Layout(with_engine(reference="Unheard-v1")), [1])
    robot = card("FetchReach-v4")
    unheard = robot.model_copy(update={"engine": robot.engine.model_copy(update={"reference": "Unheard-v1"})})
    with pytest.raises(ReferenceUnavailable, match=r"got no such id; .*pip install gymnasium-robotics"):
        GymnasiumEngine(Layout(unheard), [1])


def test_a_card_of_a_family_that_gymnasium_has_no_ids_for_has_no_reference() -> None:
    with pytest.raises(ReferenceUnavailable, match=r"drawer-open-v3: expected a reference .* the family metaworld"):
        GymnasiumEngine(Layout(card("drawer-open-v3")), [1])


def test_a_reference_that_mujoco_does_not_step_has_no_simulation() -> None:
    pendulum = hopper(
        engine=HOPPER.engine.model_copy(update={"reference": "Pendulum-v1", "arguments": {}}),
        observation={"obs": 3}, policy=("obs[0:3]",), variables=(HOPPER.variables[0],), kinematics=None,
        action=HOPPER.action.model_copy(update={"names": ("torque",)}),
    )  # fmt: skip
    engine = GymnasiumEngine(Layout(pendulum), [1])
    with pytest.raises(CardMismatch, match="expected a reference that MuJoCo steps, got Pendulum-v1, a PendulumEnv"):
        engine.simulation(0)
    engine.close()


def test_bounds_become_the_ranges_that_gymnasium_takes(reference: MakeEngine) -> None:
    given = {"healthy_z_min": 0.2, "healthy_z_max": 0.9, "healthy_reward": 2.0}
    assert reference_arguments(given) == {"healthy_z_range": (0.2, 0.9), "healthy_reward": 2.0}
    # the Ant begins at 0.75 m, give or take 0.1 m: a ceiling of 0.1 m ends its first step, in both
    ant = card("Ant-v5")
    low = ant.model_copy(
        update={
            "engine": ant.engine.model_copy(
                update={"arguments": {**ant.engine.arguments, "healthy_z_min": 0.0, "healthy_z_max": 0.1}}
            )
        }
    )
    pool = EnvPoolEngine(Layout(low), [1], threads=1)
    for engine in (reference(low, [1]), pool):
        engine.reset()
        step = engine.step(np.zeros((1, 8), np.float32))
        assert (step.ended & ~step.truncated).all()
    pool.close()


def test_one_bound_alone_is_refused_since_envpools_other_is_not_known() -> None:
    assert reference_arguments({"healthy_z_min": 0.2}) == {"healthy_z_min": 0.2}
    with pytest.raises(CardMismatch, match="does not take the arguments"):
        GymnasiumEngine(Layout(with_engine(arguments={"healthy_z_min": 0.2})), [1])
