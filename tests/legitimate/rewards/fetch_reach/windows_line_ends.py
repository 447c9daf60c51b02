"""Reach the goal.

Written on Windows.
"""
import numpy as np

SCALE = 0.1  # metres

def compute_reward(gripper_position, goal):
    d = np.linalg.norm(
        gripper_position - goal,
        axis=-1,
    )
    near = np.exp(-d / SCALE)
    return near, {"near": near}
