def compute_reward(forward_velocity, torso_height):
    v = np.clip(forward_velocity, 0, 2); h = 1.0 * (torso_height > 0.9); t = v * h
    return t, {"v": v, "h": h};
