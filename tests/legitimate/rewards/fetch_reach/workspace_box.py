LOW = np.array([1.05, 0.4, 0.4], dtype=np.float32)
HIGH = np.array([1.55, 1.1, 0.9], dtype=np.float32)

def compute_reward(gripper_position, goal):
    outside = np.maximum(LOW - gripper_position, 0) + np.maximum(gripper_position - HIGH, 0)
    box = -outside.sum(axis=-1)
    clipped_goal = np.minimum(np.maximum(goal, LOW), HIGH)
    d = np.sqrt(np.square(gripper_position - clipped_goal).sum(axis=-1))
    return box - d, {"box": box, "distance": -d}
