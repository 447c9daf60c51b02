def compute_reward(joint_velocities, joint_angles):
    index = np.argmax(np.abs(joint_velocities), axis=1)
    rows = np.arange(len(index))
    chosen = joint_angles[rows, index]
    same = np.take_along_axis(joint_angles, index[:, None], axis=1)[:, 0]
    return -np.abs(chosen) - 0.5 * np.abs(same), {"chosen": -np.abs(chosen), "same": -0.5 * np.abs(same)}
