def huber(error, delta=1.0):
    a = np.abs(error)
    return np.where(a <= delta, 0.5 * error ** 2, delta * (a - 0.5 * delta))

def compute_reward(torso_height, forward_velocity):
    h = -huber(torso_height - 1.25, 0.1)
    v = -huber(forward_velocity - 2.0)
    return h + v, {"height": h, "velocity": v}
