def compute_reward(joint_angles, joint_velocities):
    bends = np.diff(joint_angles, axis=-1)
    running = np.cumsum(joint_velocities, axis=-1)[:, -1]
    area = np.trapezoid(np.abs(joint_velocities), dx=0.125, axis=-1)
    rolled = np.roll(joint_angles, 1, axis=-1)
    mirrored = np.flip(joint_angles, axis=-1)
    total = -np.abs(bends).sum(-1) - 0.1 * np.abs(running) - area - 0.1 * np.abs(rolled - mirrored).mean(-1)
    return total, {"bends": -np.abs(bends).sum(-1), "running": -0.1 * np.abs(running), "area": -area}
