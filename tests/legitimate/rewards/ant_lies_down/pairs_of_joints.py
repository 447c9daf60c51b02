FIRST, SECOND = np.triu_indices(8, k=1)
LOWER = np.tril_indices(3)

def compute_reward(joint_angles, torso_angular_velocity, torso_height):
    gaps = np.abs(joint_angles[:, FIRST] - joint_angles[:, SECOND])
    products = torso_angular_velocity[:, :, None] * torso_angular_velocity[:, None, :]
    spin = products[:, LOWER[0], LOWER[1]].sum(axis=-1, dtype=np.double)
    level = np.choose((torso_height < 0.3).astype(np.int_), [0.0, 1.0])
    alike = np.zeros_like(torso_height, dtype=np.single)
    np.copyto(alike, 1.0, where=gaps.mean(axis=-1) < 0.5)
    scale = 0.01 if np.isscalar(0.01) else 1.0
    total = level + alike - scale * spin
    return total, {"level": level, "alike": alike, "spin": -scale * spin, "gaps": gaps.argmax(axis=-1).astype(np.intp)}
