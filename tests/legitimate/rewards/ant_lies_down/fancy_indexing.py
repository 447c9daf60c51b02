HIPS, ANKLES = [0, 2, 4, 6], np.arange(1, 8, 2)
def compute_reward(joint_angles, joint_velocities, torso_height):
    hips = joint_angles[:, HIPS]
    ankles = np.take(joint_angles, ANKLES, axis=-1)
    top_two = np.sort(np.abs(joint_velocities), axis=-1)[:, -2:]
    spread = hips.max(axis=1) - hips.min(axis=1)
    folded = -np.abs(ankles - 1.0).sum(axis=-1)
    rush = -top_two.mean(axis=-1)
    return folded + 0.1 * rush - 0.1 * spread - torso_height, {"folded": folded, "rush": rush, "spread": -spread}
