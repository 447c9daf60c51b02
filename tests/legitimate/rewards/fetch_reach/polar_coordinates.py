def compute_reward(gripper_position, goal):
    offset = gripper_position - goal
    r = np.hypot(np.hypot(offset[:, 0], offset[:, 1]), offset[:, 2])
    azimuth = np.arctan2(offset[:, 1], offset[:, 0])
    elevation = np.arccos(np.clip(offset[:, 2] / np.maximum(r, 1e-6), -1, 1))
    total = -r - 0.01 * np.abs(azimuth) - 0.01 * np.abs(elevation - np.pi / 2)
    return total, {"r": -r, "azimuth": -0.01 * np.abs(azimuth), "elevation": -0.01 * np.abs(elevation - np.pi / 2)}
