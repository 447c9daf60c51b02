"""The rewards that benchmarks run: as engineers and models write them, and one that never ends."""

from __future__ import annotations

from typing import Final

GAIT: Final = """
def compute_reward(forward_velocity, torso_height, up, joints, joint_velocities, action):
    progress = forward_velocity
    upright = np.exp(-np.square((torso_height - 0.75) / 0.2)) * up
    posture = np.exp(-0.5 * np.mean(np.square(joints), axis=-1))
    smooth = -0.01 * np.mean(np.abs(joint_velocities), axis=-1)
    effort = -0.05 * np.sum(np.square(action), axis=-1)
    total = 1.5 * progress + upright + 0.5 * posture + smooth + effort
    return total, {"progress": progress, "upright": upright, "posture": posture, "smooth": smooth, "effort": effort}
"""
"""27 inputs, 5 components."""

SIXTY_LINES: Final = '''"""Walk forward with an even gait, upright, without wasting effort."""
import math
from typing import Dict, Tuple

import numpy as np

WEIGHTS = {
    "progress": 1.5,
    "upright": 0.6,
    "height": 0.4,
    "smooth": 0.05,
    "effort": 0.02,
    "gait": 0.3,
    "alive": 0.2,
}
TARGET_SPEED = 2.0
TARGET_HEIGHT = 0.75
TEMPERATURES = {"progress": 0.8, "height": 0.15, "gait": 0.5}


def bell(x: np.ndarray, centre: float = 0.0, width: float = 1.0) -> np.ndarray:
    """1 at the centre, falling off over the width."""
    return np.exp(-np.square((x - centre) / width))


def squash(x: np.ndarray, scale: float) -> np.ndarray:
    return np.tanh(x / max(scale, 1e-6))


def compute_reward(
    forward_velocity: np.ndarray,
    torso_height: np.ndarray,
    prev_torso_height: np.ndarray,
    up: np.ndarray,
    joints: np.ndarray,
    joint_velocities: np.ndarray,
    action: np.ndarray,
    prev_action: np.ndarray,
    terminated: np.ndarray,
) -> Tuple[np.ndarray, Dict[str, np.ndarray]]:
    # Progress saturates at the target, so that running is no better than walking well.
    progress = squash(forward_velocity, TEMPERATURES["progress"])
    progress = np.where(forward_velocity > TARGET_SPEED, 1.0, progress)
    upright = np.clip(up, 0.0, 1.0) ** 2
    height = bell(torso_height, TARGET_HEIGHT, TEMPERATURES["height"])
    height[torso_height < 0.3] = 0.0
    vertical = (torso_height - prev_torso_height) / 0.05
    # Opposite legs move against each other in a trot.
    left, right = joints[:, :4], joints[:, 4:]
    gait = np.exp(-np.mean((left + right) ** 2, axis=-1) / TEMPERATURES["gait"])
    smooth = -np.sum(np.square(action - prev_action), axis=-1) - 0.1 * np.abs(vertical)
    effort = -np.mean(np.abs(action * joint_velocities), axis=-1)
    alive = 1.0 - terminated
    terms = {"progress": progress, "upright": upright, "height": height, "smooth": smooth}
    terms.update({"effort": effort, "gait": gait, "alive": alive})
    total = np.zeros_like(forward_velocity)
    for name, term in terms.items():
        total = total + WEIGHTS[name] * term
    components = {name: WEIGHTS[name] * term for name, term in terms.items()}
    return total / math.sqrt(len(terms)), components
'''
"""Sixty lines as they are usually written, comments and blank lines among them."""

DENSE_LINES: Final = "\n".join(
    [
        "def compute_reward(forward_velocity, torso_height, up, joints, joint_velocities, action):",
        *(
            f"    c{i} = np.exp(-np.square((torso_height - 0.{i}) / 0.2)) * np.clip(up, 0.0, 1.0) + np.tanh(joints[:, {i % 8}])"
            for i in range(10, 68)
        ),
        "    return c10 + c11, {'c10': c10, 'c11': c11}",
    ]
)
"""Sixty lines without a blank or a comment, each with fifty nodes: as dense as a source can sensibly be."""

RUNAWAY: Final = """
def compute_reward(forward_velocity):
    digits = 10 ** 10 ** 8
    return forward_velocity, {"forward_velocity": forward_velocity}
"""

CHEETAH: Final = """
def compute_reward(forward_velocity, torso_height, torso_angle, joint_velocities, action):
    progress = np.tanh(forward_velocity / 3.0)
    level = np.exp(-np.square(torso_angle / 0.5))
    height = -np.abs(torso_height)
    smooth = -0.01 * np.mean(np.square(joint_velocities), axis=-1)
    effort = -0.1 * np.sum(np.square(action), axis=-1)
    total = 2.0 * progress + 0.3 * level + 0.1 * height + smooth + effort
    return total, {"progress": progress, "level": level, "height": height, "smooth": smooth, "effort": effort}
"""
"""HalfCheetah, 5 components."""
