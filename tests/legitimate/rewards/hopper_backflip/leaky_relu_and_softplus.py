def leaky(x, slope=0.1): return np.where(x > 0, x, slope * x)
def softplus(x, beta=2.0): return np.log1p(np.exp(-np.abs(beta * x))) / beta + np.maximum(x, 0)
def elu(x): return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))

def compute_reward(torso_angular_velocity, vertical_velocity, forward_velocity):
    spin = leaky(-torso_angular_velocity)
    jump = softplus(vertical_velocity)
    back = elu(-forward_velocity)
    return spin + jump + 0.1 * back, {"spin": spin, "jump": jump, "back": 0.1 * back}
