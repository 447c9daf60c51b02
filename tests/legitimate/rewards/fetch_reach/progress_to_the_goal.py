def compute_reward(gripper_position, prev_gripper_position, goal):
    before = np.linalg.norm(prev_gripper_position - goal, axis=-1)
    after = np.linalg.norm(gripper_position - goal, axis=-1)
    progress = before - after
    return 10.0 * progress - 0.1 * after, {"progress": 10.0 * progress, "distance": -0.1 * after}
