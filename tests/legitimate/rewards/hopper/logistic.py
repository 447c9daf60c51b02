def sigmoid(x):
    return 1 / (1 + np.exp(-x))

def compute_reward(forward_velocity, torso_height):
    fast = sigmoid(4.0 * (forward_velocity - 1.0))
    tall = sigmoid((torso_height - 0.9) / 0.05)
    return fast * tall, {"fast": fast, "tall": tall}
