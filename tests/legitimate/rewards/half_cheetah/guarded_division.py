EPS = np.finfo(np.float32).eps

def safe_divide(a, b, eps=1e-6):
    return a / np.where(np.abs(b) < eps, eps, b)

def compute_reward(forward_velocity, action, joint_velocities):
    power = np.sum(np.abs(action * joint_velocities), axis=-1)
    transport = safe_divide(power, np.maximum(np.abs(forward_velocity), 0.1))
    efficiency = 1.0 / (1.0 + transport + EPS)
    return forward_velocity * efficiency, {"efficiency": efficiency, "power": -0.01 * power}
