COVARIANCE = np.array([[0.04, 0.01, 0.0], [0.01, 0.09, 0.0], [0.0, 0.0, 0.01]])
PRECISION = np.linalg.inv(COVARIANCE)
LOG_DET = np.linalg.slogdet(COVARIANCE)[1]
def compute_reward(gripper_position, goal):
    gap = (gripper_position - goal).astype(np.float64)
    m2 = np.einsum("bi,ij,bj->b", gap, PRECISION, gap)
    log_density = -0.5 * (m2 + LOG_DET + 3 * math.log(2 * math.pi))
    near = np.exp(-0.5 * m2)
    return near + 0.01 * log_density, {"near": near, "log_density": 0.01 * log_density}
