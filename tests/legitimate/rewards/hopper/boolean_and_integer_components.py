def compute_reward(torso_height, torso_angle, forward_velocity):
    upright = np.abs(torso_angle) < 0.2
    level = np.floor(torso_height * 10).astype(np.int32)
    gear = np.digitize(forward_velocity, [0.0, 1.0, 2.0])
    total = upright.astype(int) + 0.1 * level + gear
    return total, {"upright": upright, "level": level, "gear": gear}
