def compute_reward(action, gripper_position, goal):
    move, fingers = np.split(action, [3], axis=1)
    dx, dy, dz = np.hsplit(move, 3)
    wanted = np.sign(goal - gripper_position)
    agreement = np.sum(wanted * np.hstack([dx, dy, dz]), axis=1)
    fingers_cost = -0.1 * np.abs(fingers).ravel()
    padded = np.pad(move, ((0, 0), (0, 1)))
    same = np.repeat(fingers, 4, axis=1)
    drift = -0.01 * np.abs(padded - same).mean(axis=1)
    return agreement + fingers_cost + drift, {"agreement": agreement, "fingers": fingers_cost, "drift": drift}
