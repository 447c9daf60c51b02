def compute_reward(torso_height, torso_angular_velocity, torso_angle):
    reward = np.where(
        torso_height > 1.5, 3.0,
        np.where(torso_height > 1.3, 2.0,
                 np.where(torso_height > 1.0, 1.0,
                          np.where(torso_height > 0.7, 0.5, -1.0))))
    reward = reward + (torso_angular_velocity < -1.0) * (torso_height > 1.0) * 1.0
    reward = reward * np.where(np.abs(torso_angle) < 7, 1, 0.5)
    return reward, {"reward": reward}
