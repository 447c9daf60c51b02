def compute_reward(gripper_position, goal, finger_positions):
    a, b = gripper_position, goal
    a, b = b, a
    gap = a - b
    del a, b
    d = np.sqrt(np.sum(gap * gap, axis=-1))
    scratch = {"d": -d, "unused": finger_positions.sum(axis=-1)}
    del scratch["unused"]
    return -d, scratch
