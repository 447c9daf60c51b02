def compute_reward(gripper_position, goal):
    offset = goal - gripper_position
    aligned = np.isclose(offset, 0.0, atol=0.02).sum(axis=-1) / 3
    octant = np.sign(offset) @ np.array([1.0, 2.0, 4.0])
    return aligned - 0.01 * np.abs(octant) - np.abs(offset).sum(-1), {"aligned": aligned, "octant": -0.01 * np.abs(octant)}
