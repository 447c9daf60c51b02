def compute_reward(gripper_position, goal):
    d = np.sum(np.abs(gripper_position - goal), axis=-1)
    return -d, {"d": -d}