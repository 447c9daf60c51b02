def gaussian(x, *, mean=0.0, std=1.0):
    return np.exp(-0.5 * ((x - mean) / std) ** 2)

def penalty(value, /, limit, *, weight):
    return -weight * np.maximum(np.abs(value) - limit, 0.0)

def compute_reward(forward_velocity, torso_angle, torso_angular_velocity):
    speed = gaussian(forward_velocity, mean=6.0, std=3.0)
    tilt = penalty(torso_angle, 0.3, weight=0.5)
    spin = penalty(torso_angular_velocity, limit=2.0, weight=0.05)
    return speed + tilt + spin, {"speed": speed, "tilt": tilt, "spin": spin}
