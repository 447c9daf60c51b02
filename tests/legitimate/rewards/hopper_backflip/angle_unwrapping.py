def compute_reward(torso_angle, prev_torso_angle):
    both = np.stack([prev_torso_angle, torso_angle], axis=-1)
    unwrapped = np.unwrap(both, axis=-1)
    turned = np.diff(unwrapped, axis=-1)[:, 0]
    return -10 * turned, {"turned": -10 * turned}
