W = np.diag([1.0, 0.5, 2.0])
def compute_reward(torso_velocity, torso_angular_velocity):
    q = np.einsum("bi,ij,bj->b", torso_velocity, W, torso_velocity)
    p = np.einsum("bi,bi->b", torso_angular_velocity, torso_angular_velocity)
    return -q - 0.1 * p, {"q": -q, "p": -0.1 * p}
