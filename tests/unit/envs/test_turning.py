"""Turns about a body's own axis, counted over full turns from quaternions alone."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from envs.turning import turns

Floats = NDArray[np.float32]


def quaternions(rotation: Rotation) -> Floats:
    """One body's rotation at T + 1 frames as `[T + 1, 1, 4]`, w first."""
    return rotation.as_quat(scalar_first=True)[:, None].astype(np.float32)


def counted(rotation: Rotation, axis: int, restarts: tuple[int, ...] = (), carried: float = 0.0) -> Floats:
    shown = quaternions(rotation)
    restarted = np.zeros(shown.shape[:2], bool)
    restarted[list(restarts)] = True
    return turns(shown, axis, restarted, np.array([carried], np.float32))[:, 0]


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("whole", [2.5, -3.25])
def test_turns_count_on_over_full_turns_about_the_axis_alone(axis: int, whole: float) -> None:
    angles = np.zeros((101, 3))
    angles[:, axis] = np.linspace(0, 2 * np.pi * whole, 101)
    spinning = Rotation.from_rotvec(angles)
    np.testing.assert_allclose(counted(spinning, axis), np.linspace(0, whole, 101), atol=1e-5)
    np.testing.assert_allclose(counted(spinning, (axis + 1) % 3), 0, atol=1e-6)


def test_the_axis_is_the_bodys_own_wherever_it_points() -> None:
    # a body that lies on its side, its z along the world's x, and turns about that: 4 turns
    lying = Rotation.from_euler("y", 90, degrees=True)
    spinning = lying * Rotation.from_rotvec(np.linspace(0, 8 * np.pi, 201)[:, None] * [0, 0, 1])
    assert counted(spinning, 2)[-1] == pytest.approx(4.0, abs=1e-4)


def test_a_quaternion_and_its_negative_are_one_orientation() -> None:
    spinning = Rotation.from_rotvec(np.linspace(0, 3 * np.pi, 61)[:, None] * [0, 0, 1])
    flipped = quaternions(spinning)
    flipped[::2] *= -1
    found = turns(flipped, 2, np.zeros((61, 1), bool), np.zeros(1, np.float32))
    assert found[-1, 0] == pytest.approx(1.5, abs=1e-5)


def test_an_episode_begins_at_0_and_a_rollout_goes_on_with_what_it_was_given() -> None:
    # a tenth of a turn per frame; the fourth frame begins an episode
    spinning = Rotation.from_rotvec(np.arange(7)[:, None] * [0, 0, 0.2 * np.pi])
    np.testing.assert_allclose(counted(spinning, 2, (), 5.0), [5.0, 5.1, 5.2, 5.3, 5.4, 5.5, 5.6], atol=1e-5)
    np.testing.assert_allclose(counted(spinning, 2, (3,), 5.0), [5.0, 5.1, 5.2, 0.0, 0.1, 0.2, 0.3], atol=1e-5)
    np.testing.assert_allclose(counted(spinning, 2, (0, 5), 5.0), [0.0, 0.1, 0.2, 0.3, 0.4, 0.0, 0.1], atol=1e-5)
