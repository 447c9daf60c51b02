def compute_reward(action, prev_action, joint_velocities, prev_joint_velocities, forward_velocity):
    _smooth = -np.sum(np.square(action - prev_action), axis=-1)
    _jerk = -np.linalg.norm(joint_velocities - prev_joint_velocities, axis=-1)
    total = forward_velocity + 0.05 * _smooth + 0.01 * _jerk
    return total, {"run": forward_velocity, "smooth": 0.05 * _smooth, "jerk": 0.01 * _jerk}
