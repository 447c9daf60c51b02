def compute_reward(gripper_position, goal, finger_positions):
    within = np.abs(gripper_position - goal) < 0.05
    reached = np.all(within, axis=-1)
    touching = np.any(within, axis=1)
    count = np.count_nonzero(within, axis=-1)
    closed = (finger_positions < 0.01).all(axis=1)
    return reached + 0.1 * touching + 0.1 * count + 0.01 * closed, {"reached": reached, "touching": touching, "count": count / 3, "closed": closed}
