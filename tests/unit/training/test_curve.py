import numpy as np
import pytest

from envs.variables import Transitions
from service.training.curve import SegmentStatistics
from service.training.rewards import Rewards


def transitions(elapsed: list[int], ends: list[int], truncated: list[int] = []) -> Transitions:  # noqa: B006
    """One environment: steps into its episode (0 where it only reset) and the rows in which it ended."""
    steps = len(elapsed)
    rows = np.arange(steps)[:, None]
    empty = np.zeros((steps, 1, 1), np.float32)
    return Transitions(
        frames=np.zeros((steps + 1, 1, 1), np.float32),
        actions=empty,
        previous_actions=empty,
        elapsed=np.array(elapsed, np.int32)[:, None],
        rewards=empty[..., 0],
        terminated=np.isin(rows, ends),
        truncated=np.isin(rows, truncated),
        valid=np.array(elapsed)[:, None] > 0,
    )


def rewards(total: list[float], **components: list[float]) -> Rewards:
    return Rewards(
        np.array(total, np.float32)[:, None],
        {name: np.array(values, np.float32)[:, None] for name, values in components.items()},
    )


def test_a_segment_in_which_no_episode_ended_has_no_return() -> None:
    statistics = SegmentStatistics(1)
    statistics.add(transitions([1, 2, 3], []), rewards([1, 1, 1]))
    assert statistics.training_return is None
    assert statistics.training_length is None


def test_episodes_are_summed_over_rollouts() -> None:
    statistics = SegmentStatistics(1)
    # 1 + 2 + 3 and the fall; the reset; 4 and the end of the rollout
    statistics.add(transitions([1, 2, 3, 0, 1], [2]), rewards([1, 2, 3, 0, 4]))
    # 5 + 6 and the time limit: the second episode brought 4 + 5 + 6 in 3 steps; 9 belong to a third
    statistics.add(transitions([2, 3, 0, 1], [], truncated=[1]), rewards([5, 6, 0, 9]))
    assert statistics.training_return == pytest.approx((6 + 15) / 2)
    assert statistics.training_length == pytest.approx(3.0)
    # 9 + 1, in 2 steps
    statistics.add(transitions([2], [0]), rewards([1]))
    assert statistics.training_return == pytest.approx((6 + 15 + 10) / 3)
    assert statistics.training_length == pytest.approx((3 + 3 + 2) / 3)


def test_components_are_told_per_transition_with_their_share_of_all_magnitude() -> None:
    statistics = SegmentStatistics(1)
    # the third row only resets: it counts nowhere
    statistics.add(transitions([1, 2, 0], [1]), rewards([0, 0, 0], up=[3, 1, 0], down=[-2, -2, 0]))
    statistics.add(transitions([1, 2], []), rewards([0, 0], up=[2, 2], down=[0, 0]))
    found = statistics.components()
    # up 3, 1, 2, 2: mean 2, variance (1 + 1) / 4; down -2, -2, 0, 0: mean -1, variance 1; magnitudes 8 and 4
    assert found["up"].mean == pytest.approx(2.0)
    assert found["up"].std == pytest.approx(np.sqrt(0.5))
    assert found["up"].share == pytest.approx(2 / 3)
    assert found["down"].mean == pytest.approx(-1.0)
    assert found["down"].std == pytest.approx(1.0)
    assert found["down"].share == pytest.approx(1 / 3)


def test_components_that_are_all_0_share_nothing() -> None:
    statistics = SegmentStatistics(1)
    statistics.add(transitions([1, 2], []), rewards([0, 0], idle=[0, 0]))
    assert (statistics.components()["idle"].share, statistics.components()["idle"].std) == (0.0, 0.0)


def test_a_reward_without_components_has_none() -> None:
    statistics = SegmentStatistics(1)
    statistics.add(transitions([1, 2], [1]), rewards([1, 1]))
    assert statistics.components() == {}
    assert statistics.training_return == 2.0
