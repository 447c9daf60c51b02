def compute_reward(torso_velocity, torso_position):
    norm = np.linalg.norm(torso_velocity, axis=-1, keepdims=True)
    direction = torso_velocity / np.maximum(norm, 1e-6)
    planar = np.linalg.norm(torso_position, ord=2, axis=1)
    largest = np.linalg.norm(torso_velocity, ord=np.inf, axis=-1)
    upward = direction[:, 2]
    return -norm.squeeze(axis=-1) - 0.1 * planar + 0.1 * upward, {"still": -norm[:, 0], "home": -0.1 * planar, "largest": -largest}
