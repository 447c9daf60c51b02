def combine(parts, weights):
    total = 0.0
    for name, value in parts.items():
        total = total + weights.get(name, 1.0) * value
    return total, parts

def compute_reward(forward_velocity, torso_height):
    return combine({"v": forward_velocity, "h": np.minimum(torso_height, 1.3)}, weights={"v": 2.0})
