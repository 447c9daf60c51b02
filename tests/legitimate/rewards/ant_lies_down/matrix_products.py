MIX = np.array([[1.0, -1.0, 0, 0, 0, 0, 0, 0], [0, 0, 1.0, -1.0, 0, 0, 0, 0]], dtype=np.float32)
def compute_reward(joint_angles, torso_height):
    features = joint_angles @ MIX.T
    quadratic = (features * features).sum(-1)
    linear = np.dot(joint_angles, np.full(8, 0.125, dtype=np.float32))
    return -quadratic + 0.1 * linear - torso_height, {"quadratic": -quadratic, "linear": linear}
