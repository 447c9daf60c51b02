"""A policy that travels with the package is played in the reference environment, and looked at."""

from __future__ import annotations

import gymnasium
import mujoco
import numpy as np
import pytest

from envs.behaviour import policy_path, reference_policy
from envs.card import EnvCard, card
from envs.engines.gymnasium import GymnasiumEngine
from envs.errors import CardMismatch, PolicyInvalid, ReferenceUnavailable
from envs.rollout import Collector
from envs.variables import Layout
from sandbox import CheckedReward, RewardRaised, check_reward
from service.schema import EpisodeEnd, Fitness
from service.training.errors import FitnessFault
from service.training.job import metric_of
from service.training.replay import Replay, play
from service.training.replay_file import replay_files
from tests.replay_reader import ReadReplay, placed

HOPPER = card("Hopper-v5")
SHORT = HOPPER.model_copy(update={"max_steps": 60})
REWARD = """
def compute_reward(forward_velocity, prev_torso_height, time):
    return forward_velocity + time, {"progress": forward_velocity, "height": prev_torso_height}
"""


def policy(name: str = "Hopper-v5") -> bytes:
    return policy_path(card(name)).read_bytes()


def fitness(ours: EnvCard, score: str | None = None) -> CheckedReward:
    metric = ours.metrics[0]
    return metric_of(ours, Fitness(name=metric.name, score=score or metric.score, success=metric.success))


def played(ours: EnvCard = SHORT, seed: int = 3, code: str | None = REWARD) -> Replay:
    checked = None if code is None else check_reward(code, ours.parameters)
    return play(ours, policy(ours.id), checked, fitness(ours), seed)


@pytest.fixture(scope="module")
def replay() -> Replay:
    return played()


def test_an_episode_has_a_frame_more_than_steps(replay: Replay) -> None:
    assert (replay.summary.length, replay.summary.end) == (60, EpisodeEnd.TRUNCATED)
    assert replay.links.shape == (61, 4, 7)  # torso, thigh, leg and foot
    assert len(replay.scene.geoms) == 5  # and the floor
    assert len(replay.rewards) == 60
    assert replay.dt == 0.008


def test_the_poses_are_mujocos_kinematics_of_the_states_that_the_variables_tell(replay: Replay) -> None:
    model = gymnasium.make("Hopper-v5").unwrapped.model
    data = mujoco.MjData(model)
    names = ("x_position", "torso_height", "torso_angle", "thigh_angle", "leg_angle", "foot_angle")
    geoms = replay.scene.geoms
    poses = placed(replay.links, [geom.link for geom in geoms], np.array([geom.pose for geom in geoms]))
    for frame in (0, 1, 30, 60):
        data.qpos[:] = [replay.variables[name][frame] for name in names]
        mujoco.mj_kinematics(model, data)
        for geom, pose in zip(geoms, poses[frame], strict=True):
            rotation = np.empty(9)
            mujoco.mju_quat2Mat(rotation, pose[3:])
            # variables are float32, 6e-8 of some metres and radians, summed over a chain of four links
            np.testing.assert_allclose(pose[:3], data.geom(geom.name).xpos, atol=2e-6)
            np.testing.assert_allclose(rotation, data.geom(geom.name).xmat, atol=2e-6)


def test_the_episode_is_scored_by_the_fitness_on_its_own_variables(replay: Replay) -> None:
    x = replay.variables["x_position"]
    # forward_speed: metres over the whole time limit, 60 steps of 0.008 s
    assert replay.summary.score == pytest.approx((x[-1] - x[0]) / (60 * 0.008), rel=1e-5)
    assert replay.summary.last_variables["x_position"] == (pytest.approx(x[-1]),)
    assert not replay.summary.success  # it takes more than 5 m


def test_rewards_are_the_codes_own_of_each_step(replay: Replay) -> None:
    np.testing.assert_allclose(replay.components["progress"], replay.variables["forward_velocity"][1:])
    np.testing.assert_allclose(replay.components["height"], replay.variables["torso_height"][:-1])
    expected = replay.variables["forward_velocity"][1:] + 0.008 * np.arange(1, 61)
    np.testing.assert_allclose(replay.rewards, expected, rtol=1e-5)
    assert replay.summary.total_reward == pytest.approx(expected.sum(), rel=1e-5)


def test_the_transitions_are_those_of_the_policy_in_the_reference_environment() -> None:
    replay, layout = played(code=None), Layout(SHORT)
    acting = reference_policy(layout)
    assert acting is not None
    engine = GymnasiumEngine(layout, [3])
    expected = Collector(engine, layout).episodes(60, lambda _, frames: acting.act(frames[:, layout.policy_columns]))
    engine.close()
    np.testing.assert_allclose(replay.rewards, expected.transitions.rewards[:, 0], atol=1e-5)
    assert replay.components == {}


def test_a_fall_ends_the_episode_and_is_told() -> None:
    replay = play(HOPPER, policy(), None, fitness(HOPPER), seed=3)
    assert replay.summary.end is EpisodeEnd.TERMINATED
    assert replay.summary.length == len(replay.links) - 1 < 1000
    fallen = replay.variables["torso_height"][-1] < 0.7 or abs(replay.variables["torso_angle"][-1]) > 0.2
    assert fallen


def test_a_replay_follows_from_its_seed_alone(replay: Replay) -> None:
    assert replay_files(played()) == replay_files(replay)
    assert (played(seed=4).links[0] != replay.links[0]).any()


def test_a_replays_file_names_what_a_legend_shows_in_the_order_of_code_and_card(replay: Replay) -> None:
    header = ReadReplay(replay_files(replay).episode).header
    assert header["components"] == ["progress", "height"]
    assert header["variables"] == [variable.name for variable in HOPPER.variables]


def test_a_policy_for_another_card_is_refused_with_both() -> None:
    with pytest.raises(
        CardMismatch, match=r"Hopper-v5: expected a policy for .*'Hopper-v5'.* got one for .*'HalfCheetah-v5'"
    ):
        play(HOPPER, policy("HalfCheetah-v5"), None, fitness(HOPPER), 0)


def test_a_policy_that_sees_other_parts_of_the_observation_is_refused_with_both() -> None:
    sees_all = HOPPER.model_copy(update={"policy": ("obs[0:12]",)})
    with pytest.raises(CardMismatch, match=r"\['obs\[0:12\]'\], 12, 3\), got one for .*\['obs\[1:12\]'\], 11, 3\)"):
        play(sees_all, policy(), None, fitness(HOPPER), 0)


@pytest.mark.parametrize("data", [b"", b"weights", b"\xff" * 30])
def test_what_is_no_policy_is_refused(data: bytes) -> None:
    with pytest.raises(
        PolicyInvalid, match=f"expected a policy file of format rewardsmith-policy-1, got {len(data)} other"
    ):
        play(HOPPER, data, None, fitness(HOPPER), 0)


def test_a_card_without_a_reference_here_cannot_be_replayed() -> None:
    engine = HOPPER.engine.model_copy(update={"reference": "Unheard-v1"})
    with pytest.raises(ReferenceUnavailable, match=r"Hopper-v5: expected the reference environment 'Unheard-v1'"):
        play(HOPPER.model_copy(update={"engine": engine}), policy(), None, fitness(HOPPER), 0)


def test_a_reward_that_raises_on_the_episode_is_the_candidates_fault() -> None:
    with pytest.raises(RewardRaised, match="too late"):
        played(
            code="def compute_reward(time):\n    assert np.max(time) < 0.1, 'too late'\n    return time, {'time': time}\n"
        )


def test_a_fitness_that_cannot_score_the_episode_is_the_runs_fault() -> None:
    with pytest.raises(FitnessFault, match="cannot score an episode of 60 steps"):
        play(SHORT, policy(), None, fitness(SHORT, "x_position[100]"), 3)
