STAGES = [(0.20, 0.25), (0.10, 0.5), (0.05, 1.0), (0.02, 2.0)]

def compute_reward(gripper_position, goal):
    d = np.linalg.norm(goal - gripper_position, axis=-1)
    bonus = sum(np.where(d < radius, value, 0.0) for radius, value in STAGES)
    stages_reached = sum((d < radius).astype(np.int64) for radius, _ in STAGES)
    return bonus - d, {"bonus": bonus, "reached": stages_reached, "distance": -d}
