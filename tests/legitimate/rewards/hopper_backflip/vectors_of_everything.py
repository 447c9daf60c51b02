def compute_reward(forward_velocity, vertical_velocity, torso_height, torso_angle, torso_angular_velocity, thigh_angle, leg_angle, foot_angle, joint_velocities, action, time):
    features = np.concatenate(
        [np.stack([forward_velocity, vertical_velocity, torso_height, np.sin(torso_angle), np.cos(torso_angle)], axis=1),
         np.vstack([torso_angular_velocity, thigh_angle, leg_angle, foot_angle]).T,
         joint_velocities, np.atleast_2d(action), time[:, None]],
        axis=1)
    weights = np.linspace(-0.1, 0.1, num=features.shape[1])
    linear = np.sum(features * weights, axis=1)
    largest = np.abs(features).max(axis=1)
    return linear - 0.01 * largest, {"linear": linear, "largest": -0.01 * largest}
