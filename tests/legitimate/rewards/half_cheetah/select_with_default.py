def compute_reward(forward_velocity):
    slow, medium, fast = forward_velocity < 1, (forward_velocity >= 1) & (forward_velocity < 4), forward_velocity >= 4
    r = np.select([slow, medium, fast], [0.1 * forward_velocity, forward_velocity, 4 + np.log1p(np.maximum(forward_velocity - 4, 0))], default=0.0)
    alive = np.where(forward_velocity > -1, 1.0, 0.0)
    return r + alive, {"r": r, "alive": alive}
