BOUNDS = [(-1.0, 1.0), (-0.5, 0.5)]

def compute_reward(forward_velocity, torso_height, torso_angle):
    (low, high), (left, right) = BOUNDS
    h, a = np.clip(torso_height, low, high), np.clip(torso_angle, left, right)
    first, *middle, last = [forward_velocity, h, a, -np.abs(h)]
    total = first + 0.1 * last
    for one in middle:
        total = total - 0.1 * one ** 2
    return total, {"first": first, "last": last}
