def compute_reward(forward_velocity, torso_height, torso_angle, \
                   action):
    total = 1.5 * forward_velocity \
        + 0.5 * np.exp(-4.0 * torso_angle ** 2) \
        - 2.0 * np.maximum(0.0, 0.9 - torso_height) \
        - 0.02 * np.sum(action ** 2, axis=-1)
    return total, {"forward": 1.5 * forward_velocity, \
                   "upright": 0.5 * np.exp(-4.0 * torso_angle ** 2)}
