import numpy as np
from typing import Dict, Tuple

def compute_reward(
    forward_velocity: np.ndarray,
    torso_height: np.ndarray,
    torso_angle: np.ndarray,
    action: np.ndarray,
) -> Tuple[np.ndarray, Dict[str, np.ndarray]]:
    # Temperature parameters for each reward component
    velocity_temp: float = 0.5
    height_temp: float = 0.1
    angle_temp: float = 0.2
    action_temp: float = 0.05

    # Reward for moving forward
    velocity_reward = np.tanh(velocity_temp * forward_velocity)

    # Reward for keeping the torso up
    height_error = np.abs(torso_height - 1.25)
    height_reward = np.exp(-height_error / height_temp)

    # Reward for staying upright
    angle_reward = np.exp(-np.abs(torso_angle) / angle_temp)

    # Penalty for large actions
    action_penalty = -action_temp * np.sum(action ** 2, axis=-1)

    # Total reward
    total_reward = 2.0 * velocity_reward + height_reward + 0.5 * angle_reward + action_penalty

    # Dictionary of individual reward components
    reward_components = {
        "velocity_reward": velocity_reward,
        "height_reward": height_reward,
        "angle_reward": angle_reward,
        "action_penalty": action_penalty,
    }

    return total_reward, reward_components
