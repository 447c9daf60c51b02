from __future__ import annotations

import numpy as np
import pytest

from envs.card import card
from envs.variables import Layout, Transitions
from sandbox import RewardMisshapen, RewardRejected
from service.schema import EpisodeEnd, Fitness
from service.training.job import code_of, metric_of
from service.training.rewards import EnvironmentReward, Judge, Rewards, reward_source

HOPPER = card("Hopper-v5")
LAYOUT = Layout(HOPPER)
X, HEIGHT, SPEED = 0, 1, 6
"""Columns of x_position, torso_height and forward_velocity."""


def hopping() -> Transitions:
    """Three steps of two Hoppers; the first falls in step 0 and is reset in step 1."""
    flags = np.zeros((3, 2), bool)
    terminated, valid = flags.copy(), ~flags
    terminated[0, 0], valid[1, 0] = True, False
    frames = np.zeros((4, 2, LAYOUT.width), np.float32)
    frames[:, 0, SPEED], frames[:, 1, SPEED] = [9, 0.5, 9, 2], [9, 3, 0.1, 1.5]
    frames[:, 0, HEIGHT], frames[:, 1, HEIGHT] = [9, 0.6, 9, 1.2], [9, 1.25, 1.3, 1.1]
    actions = np.zeros((3, 2, 3), np.float32)
    return Transitions(
        frames=frames,
        actions=actions,
        previous_actions=actions,
        elapsed=np.array([[4, 1], [0, 2], [1, 3]], np.int32),
        rewards=np.array([[1, 2], [3, 4], [5, 6]], np.float32),
        terminated=terminated,
        truncated=flags,
        valid=valid,
    )


def test_the_human_reward_is_the_environments_own_and_nothing_in_a_step_that_only_resets() -> None:
    rewards = EnvironmentReward().rewards(hopping())
    assert rewards.total.tolist() == [[1, 2], [0, 4], [5, 6]]
    assert rewards.total.dtype == np.float32
    assert rewards.components == {}


def test_the_sparse_reward_is_the_cards_expression_step_by_step() -> None:
    source = reward_source(code_of(HOPPER, "sparse"), LAYOUT, 6)
    try:
        # faster than 1 m/s after the step: 0.5 no, 3 yes; reset, 0.1 no; 2 yes, 1.5 yes
        assert source.rewards(hopping()).total.tolist() == [[0, 1], [0, 0], [1, 1]]
    finally:
        source.close()


CODE = """
def compute_reward(forward_velocity, torso_height, prev_torso_height, terminated):
    speed = 2.0 * forward_velocity
    rise = torso_height - prev_torso_height
    fall = -10.0 * terminated
    return speed + fall, {"speed": speed, "rise": rise, "fall": fall}
"""


def test_each_component_of_a_candidate_stands_where_its_transition_does() -> None:
    source = reward_source(code_of(HOPPER, "candidate", CODE), LAYOUT, 6)
    try:
        rewards = source.rewards(hopping())
    finally:
        source.close()
    # twice the speed; the fall in step 0; nothing in the reset
    assert rewards.components["speed"].tolist() == [[1, 6], [0, pytest.approx(0.2)], [4, 3]]
    assert rewards.components["fall"].tolist() == [[-10, 0], [0, 0], [0, 0]]
    assert rewards.total.tolist() == [[-9, 6], [0, pytest.approx(0.2)], [4, 3]]
    # heights 9 to 0.6 and 9 to 1.25; 1.25 to 1.3; 9 (the first frame after the reset) to 1.2 and 1.3 to 1.1
    np.testing.assert_allclose(rewards.components["rise"], [[-8.4, -7.75], [0, 0.05], [-7.8, -0.2]], atol=1e-6)


def test_code_that_the_policy_refuses_never_gets_into_a_job() -> None:
    with pytest.raises(RewardRejected, match="import"):
        code_of(HOPPER, "candidate", "import os\n" + CODE)


def test_a_reward_that_is_not_finite_is_a_fault_of_its_code() -> None:
    code = "def compute_reward(torso_height):\n    x = np.log(torso_height - 1.2)\n    return x, {'x': x}\n"
    source = reward_source(code_of(HOPPER, "candidate", code), LAYOUT, 6)
    try:
        with pytest.raises(RewardMisshapen, match="expected finite float32"):
            source.rewards(hopping())
    finally:
        source.close()


def episodes() -> tuple[Transitions, Rewards]:
    """Two episodes: 2 steps to a fall (and what follows it), and 3 to the time limit."""
    base = hopping()
    terminated, truncated, valid = base.terminated.copy(), base.truncated.copy(), base.valid.copy()
    terminated[:], valid[:] = False, True
    terminated[1, 0], truncated[2, 1], valid[2, 0] = True, True, False
    frames = base.frames.copy()
    frames[:, 0, X], frames[:, 1, X] = [1.0, 1.5, 2.0, 77.0], [0.0, 1.0, 2.0, 8.0]
    changed = Transitions(
        frames,
        base.actions,
        base.previous_actions,
        base.elapsed,
        base.rewards,
        terminated,
        truncated,
        valid,
    )
    total = np.array([[1, 2], [3, 4], [0, 6]], np.float32)
    return changed, Rewards(total, {"half": total / 2})


def test_an_episode_is_judged_up_to_its_end_and_summed_up() -> None:
    judge = Judge(
        HOPPER,
        metric_of(HOPPER, Fitness(name="way", score="x_position[-1] - x_position[0]", success="steps == 3", unit="m")),
    )
    try:
        fallen, finished = judge.summaries(LAYOUT, *episodes())
    finally:
        judge.close()
    # from 1 to 2 m, and not to the 77 m that came after the fall
    assert (fallen.score, fallen.success, fallen.length, fallen.end) == (1.0, False, 2, EpisodeEnd.TERMINATED)
    assert (finished.score, finished.success, finished.length, finished.end) == (8.0, True, 3, EpisodeEnd.TRUNCATED)
    assert fallen.total_reward == 4.0
    assert finished.total_reward == 12.0
    assert fallen.components == {"half": 1.0}  # (0.5 + 1.5) / 2 steps
    assert finished.components == {"half": 2.0}
    assert fallen.last_variables["x_position"] == (2.0,)
    assert len(fallen.last_variables["joint_velocities"]) == 3
    assert finished.last_variables["torso_height"] == (pytest.approx(1.1),)


def test_a_judge_knows_the_steps_allowed_and_their_length() -> None:
    judge = Judge(
        HOPPER, metric_of(HOPPER, Fitness(name="time", score="steps * dt", success="max_steps == 1000", unit="s"))
    )
    try:
        fallen, finished = judge.summaries(LAYOUT, *episodes())
    finally:
        judge.close()
    # 2 and 3 steps of 0.008 s
    assert (fallen.score, finished.score) == (pytest.approx(0.016), pytest.approx(0.024))
    assert fallen.success
