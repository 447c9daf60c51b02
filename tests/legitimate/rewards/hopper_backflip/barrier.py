LOWER, UPPER = 0.2, 2.0
def log_barrier(x, low, high, floor=1e-3):
    gap_low = np.maximum(x - low, floor)
    gap_high = np.maximum(high - x, floor)
    return np.log(gap_low / (high - low)) + np.log(gap_high / (high - low))

def compute_reward(torso_height, torso_angular_velocity):
    barrier = 0.1 * log_barrier(torso_height, LOWER, UPPER)
    return -torso_angular_velocity + barrier, {"spin": -torso_angular_velocity, "barrier": barrier}
