def compute_reward(gripper_position, goal):
    d = np.linalg.norm(gripper_position - goal, axis=-1)
    return -d, {"distance": -d}
