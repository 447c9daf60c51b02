import numpy as np

def compute_reward(x_position, prev_x_position, torso_height, torso_angle, joint_velocities, action):
    # Initialize reward
    reward = 0.0

    # 1. Reward for forward progress (difference in position between two steps)
    distance_moved = x_position - prev_x_position
    forward_reward = distance_moved / 0.008
    reward = reward + 1.0 * forward_reward

    # 2. Reward for being healthy
    is_healthy = np.logical_and(torso_height > 0.7, np.abs(torso_angle) < 0.2)
    healthy_reward = 1.0 * is_healthy
    reward = reward + healthy_reward

    # 3. Regularisation of the action
    control_cost = 1e-3 * np.square(action).sum(axis=1)
    reward = reward - control_cost

    # 4. Regularisation of the joint velocities
    velocity_cost = 1e-4 * np.square(joint_velocities).sum(axis=1)
    reward -= velocity_cost

    return reward, {
        "forward": forward_reward,
        "healthy": healthy_reward,
        "control": -control_cost,
        "velocity": -velocity_cost,
    }
