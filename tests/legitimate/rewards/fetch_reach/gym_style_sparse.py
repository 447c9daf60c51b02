def goal_distance(goal_a, goal_b):
    assert goal_a.shape == goal_b.shape
    return np.linalg.norm(goal_a - goal_b, axis=-1)

def compute_reward(gripper_position, goal):
    distance_threshold = 0.05
    d = goal_distance(gripper_position, goal)
    sparse = -(d > distance_threshold).astype(np.float32)
    return sparse, {"sparse": sparse}
