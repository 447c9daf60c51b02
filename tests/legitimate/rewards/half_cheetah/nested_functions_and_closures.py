def compute_reward(torso_height, forward_velocity):
    def shaped(x):
        return np.tanh(x * scale)
    scale = 2.0
    return shaped(torso_height) + shaped(forward_velocity), {"a": shaped(torso_height), "b": shaped(forward_velocity)}
