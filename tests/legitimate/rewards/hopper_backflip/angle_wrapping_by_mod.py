def wrap(angle):
    return np.mod(angle + np.pi, 2 * np.pi) - np.pi

def compute_reward(torso_angle, torso_angular_velocity):
    upright = np.cos(wrap(torso_angle))
    error = np.abs(wrap(torso_angle - np.pi))
    return upright - 0.1 * error - 0.05 * torso_angular_velocity, {"upright": upright, "error": -0.1 * error}
