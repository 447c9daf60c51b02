def compute_reward(joint_angles, joint_velocities):
    parts = {f"angle_{i}": -np.abs(joint_angles[:, i]) for i in range(8)}
    parts |= {f"speed_{i}": -0.1 * np.abs(joint_velocities[:, i]) for i in range(8)}
    return np.sum([*parts.values()], axis=0), parts
