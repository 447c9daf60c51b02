def rotation_matrix(q):
    w, x, y, z = np.moveaxis(q, -1, 0)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)

def compute_reward(torso_orientation, torso_velocity, torso_angular_velocity):
    R = rotation_matrix(torso_orientation)
    up = R[:, 2, 2]
    body_velocity = np.einsum("bji,bj->bi", R, torso_velocity)
    spin = np.sqrt(np.sum(np.square(torso_angular_velocity), axis=-1) + 1e-8)
    total = up - 0.5 * np.abs(body_velocity[:, 0]) - 0.1 * spin
    return total, {"up": up, "slide": -0.5 * np.abs(body_velocity[:, 0]), "spin": -0.1 * spin}
