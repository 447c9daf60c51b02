def compute_reward(forward_velocity, torso_angle):
    if (weight := 2.0) > 1:
        weight = weight / 2
    d, *rest = [np.abs(torso_angle), 1, 2]
    total = (speed := np.tanh(forward_velocity)) - weight * d
    return total, {**{"d": -d}, "speed": speed}
