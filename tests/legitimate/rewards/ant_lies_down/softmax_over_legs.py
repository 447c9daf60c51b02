def softmax(x, axis=-1, temperature=1.0):
    z = (x - np.max(x, axis=axis, keepdims=True)) / temperature
    e = np.exp(z)
    return e / np.sum(e, axis=axis, keepdims=True)

def compute_reward(joint_angles, joint_velocities):
    legs = joint_velocities.reshape(-1, 4, 2)
    speed = np.linalg.norm(legs, axis=2)
    share = softmax(speed, temperature=0.5)
    entropy = -np.sum(share * np.log(share + 1e-8), axis=-1)
    worst = np.sum(share * speed, axis=-1)
    bend = np.abs(joint_angles[:, 1::2]).mean(axis=1)
    return entropy - 0.1 * worst + bend, {"entropy": entropy, "worst": -0.1 * worst, "bend": bend}
