from collections.abc import Callable

import numpy as np
import pytest

from envs.card import EnvCard, card
from envs.errors import CardInvalid
from envs.variables import Layout, Transitions

Change = Callable[..., EnvCard]


@pytest.fixture
def with_info(changed: Change) -> Layout:
    """Hopper's observation of 12 entries, and two infos that variables read: they stand in columns 12 and 13."""
    return Layout(
        changed(
            ('source = "obs[0]"', 'source = "info.x_position"'),
            ('source = "obs[6]"', 'source = "info.a_velocity"'),
        )
    )


def test_infos_follow_the_observation_in_alphabetical_order(with_info: Layout) -> None:
    assert with_info.infos == ("a_velocity", "x_position")
    assert with_info.width == 14
    frame = np.arange(14, dtype=np.float32)
    assert with_info.variable("forward_velocity", frame) == 12
    assert with_info.variable("x_position", frame) == 13


def test_a_scalar_is_one_number_per_frame_and_a_vector_n() -> None:
    layout = Layout(card("Hopper-v5"))
    frames = np.arange(24, dtype=np.float32).reshape(2, 12)
    # torso_height reads obs[1], joint_velocities obs[9:12]; the second frame begins at 12
    np.testing.assert_array_equal(layout.variable("torso_height", frames), [1, 13])
    np.testing.assert_array_equal(layout.variable("joint_velocities", frames), [[9, 10, 11], [21, 22, 23]])


def test_a_vector_of_one_entry_keeps_its_second_axis(changed: Change) -> None:
    layout = Layout(
        changed(
            (
                'name = "torso_height"\nunit = "m"\nrole = "height"\nsource = "obs[1]"',
                'name = "torso_height"\nsize = 1\nunit = "m"\nrole = "height"\nsource = "obs[1:2]"',
            )
        )
    )
    assert layout.variable("torso_height", np.zeros((5, 12), np.float32)).shape == (5, 1)


def test_the_parts_of_a_dictionary_stand_side_by_side_in_the_cards_order() -> None:
    layout = Layout(card("FetchReach-v4"))
    frame = np.arange(16, dtype=np.float32)
    # observation 0..9, achieved_goal 10..12, desired_goal 13..15; fingers are observation[3:5]
    np.testing.assert_array_equal(layout.variable("gripper_position", frame), [10, 11, 12])
    np.testing.assert_array_equal(layout.variable("goal", frame), [13, 14, 15])
    np.testing.assert_array_equal(layout.variable("finger_positions", frame), [3, 4])
    np.testing.assert_array_equal(layout.policy_columns, [*range(10), 13, 14, 15])


def test_what_is_masked_from_the_policy_is_shown_to_the_reward() -> None:
    layout = Layout(card("Ant-lie-down"))
    # Ant-v5 with positions shows 107 numbers; without its first two, x and y, there are the usual 105
    np.testing.assert_array_equal(layout.policy_columns, np.arange(2, 107))
    np.testing.assert_array_equal(layout.variable("torso_position", np.arange(107, dtype=np.float32)), [0, 1])


@pytest.mark.parametrize("name", ["Hopper-v5", "Hopper-backflip", "HalfCheetah-v5"])
def test_policies_of_planar_robots_do_not_see_where_they_are(name: str) -> None:
    layout = Layout(card(name))
    assert layout.variable("x_position", np.arange(layout.width, dtype=np.float32)) == 0
    np.testing.assert_array_equal(layout.policy_columns, np.arange(1, layout.width))


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("sensor.foot", "expected a source such as obs[5]"),
        ("obs[-1]", "expected a source such as obs[5]"),
        ("obs[0]; import os", "expected a source such as obs[5]"),
        ("obs[12]", "reaches outside its 12 entries"),
        ("obs[3:3]", "reaches outside its 12 entries"),
        ("obs[10:14]", "reaches outside its 12 entries"),
        ("obs.desired_goal[0]", "names no part of the observation; known: obs"),
        ("obs[1:3]", "expected size 0, but 'obs[1:3]' has 2 entries"),
    ],
)
def test_a_bad_source_is_refused_with_its_variable_and_what_was_expected(
    changed: Change, source: str, told: str
) -> None:
    with pytest.raises(CardInvalid) as refused:
        changed(('source = "obs[0]"', f'source = "{source}"'))
    for part in ("mine.toml", "variables.0", "'x_position'", source, told):
        assert part in str(refused.value)


def test_a_vector_of_another_size_than_its_source_is_refused(changed: Change) -> None:
    with pytest.raises(CardInvalid, match="'joint_velocities': expected size 2, but 'obs\\[9:12\\]' has 3 entries"):
        changed(("size = 3", "size = 2"))


def test_a_policy_that_sees_what_is_not_there_is_refused(changed: Change) -> None:
    with pytest.raises(CardInvalid, match=r"mine\.toml:8: policy: source 'obs\[1:13\]' reaches outside its 12 entries"):
        changed(('policy = ["obs[1:12]"]', 'policy = ["obs[1:13]"]'))


def transitions() -> Transitions:
    """Three steps of two Hoppers; column c of a frame is 100 t + 1000 m + c. The second only resets in step 1."""
    time, environment, column = np.ogrid[:4, :2, :12]
    frames = (100 * time + 1000 * environment + column).astype(np.float32)
    actions = np.arange(18, dtype=np.float32).reshape(3, 2, 3)
    flags = np.zeros((3, 2), bool)
    terminated, valid = flags.copy(), ~flags
    terminated[0, 1], valid[1, 1] = True, False
    return Transitions(
        frames=frames,
        actions=actions,
        previous_actions=actions - 100,
        elapsed=np.array([[5, 7], [6, 0], [7, 1]], np.int32),
        rewards=np.zeros((3, 2), np.float32),
        terminated=terminated,
        truncated=flags,
        valid=valid,
    )


def test_inputs_have_one_row_for_each_valid_transition_by_time_and_then_environment() -> None:
    # (t, m): (0, 0), (0, 1), (1, 0), (2, 0), (2, 1); (1, 1) only reset. The height is column 1 of the frame after the step.
    inputs = Layout(card("Hopper-v5")).inputs(["torso_height"], transitions())
    np.testing.assert_array_equal(inputs["torso_height"], [101, 1101, 201, 301, 1301])


def test_prev_is_the_value_before_the_step() -> None:
    inputs = Layout(card("Hopper-v5")).inputs(["prev_torso_height"], transitions())
    np.testing.assert_array_equal(inputs["prev_torso_height"], [1, 1001, 101, 201, 1201])


def test_vectors_actions_time_and_ends_come_in_the_same_rows() -> None:
    given = Layout(card("Hopper-v5")).inputs(
        ["joint_velocities", "action", "prev_action", "time", "terminated"], transitions()
    )
    np.testing.assert_array_equal(given["joint_velocities"][3], [309, 310, 311])
    # actions of (t, m) are 6 t + 3 m + 0..2
    np.testing.assert_array_equal(given["action"][:, 0], [0, 3, 6, 12, 15])
    np.testing.assert_array_equal(given["prev_action"][:, 0], [-100, -97, -94, -88, -85])
    np.testing.assert_array_equal(given["terminated"], [0, 1, 0, 0, 0])
    # elapsed 5, 7, 6, 7, 1 steps of 0.008 s
    np.testing.assert_allclose(given["time"], [0.04, 0.056, 0.048, 0.056, 0.008], rtol=1e-6)


def test_inputs_are_contiguous_float32_of_the_sizes_that_the_card_says() -> None:
    ours = card("Hopper-v5")
    inputs = Layout(ours).inputs(list(ours.parameters), transitions())
    for name, size in ours.parameters.items():
        assert inputs[name].shape == ((5, size) if size else (5,)), name
        assert inputs[name].dtype == np.float32
        assert inputs[name].flags.c_contiguous


def test_an_episode_is_every_variable_with_the_state_after_reset_first() -> None:
    ours = card("Hopper-v5")
    layout = Layout(ours)
    episode = layout.values(layout.free, transitions().frames[:, 0])
    np.testing.assert_array_equal(episode["torso_angle"], [2, 102, 202, 302])
    assert episode["joint_velocities"].shape == (4, 3)


def test_the_transitions_of_some_environments_are_views_of_them_all() -> None:
    whole = transitions()
    part = whole.of(slice(1, 2))
    assert part.frames.shape == (4, 1, 12)
    np.testing.assert_array_equal(part.elapsed[:, 0], [7, 0, 1])
    np.testing.assert_array_equal(part.valid[:, 0], [True, False, True])
    assert np.shares_memory(part.actions, whole.actions)
