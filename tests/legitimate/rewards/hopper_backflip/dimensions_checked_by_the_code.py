def as_rows(x):
    if x.ndim == 1:
        return x[:, None]
    elif x.ndim > 2:
        return x.reshape(x.shape[0], -1)
    return x

def compute_reward(torso_angular_velocity, joint_velocities):
    both = np.concatenate([as_rows(torso_angular_velocity), as_rows(joint_velocities)], axis=-1)
    assert both.ndim == 2 and both.shape[-1] == 1 + joint_velocities.shape[-1]
    size = int(both.size / both.shape[0])
    assert isinstance(size, int) and round(size) == 4, f"expected 4 columns, got {size}"
    cost = -0.01 * np.mean(both ** 2, axis=tuple(range(1, both.ndim)))
    return cost - 0.1 * torso_angular_velocity, {"cost": cost}
