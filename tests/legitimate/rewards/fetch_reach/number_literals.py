def compute_reward(gripper_position, goal):
    d = np.linalg.norm(gripper_position - goal, axis=-1)
    r = -1_0.0e-1 * d + .5 - 0x1F / 31 + 0b101 - 5 + 1E0 * 0o7 / 7. - 1
    s = (not 0) * d * -(-1) + +0.0
    return r, {"r": r, "s": s}
