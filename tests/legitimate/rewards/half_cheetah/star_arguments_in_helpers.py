def total_of(*parts, **weights):
    result = np.zeros_like(parts[0])
    for part, name in zip(parts, weights):
        result += weights[name] * part
    return result

def product_of(first, *rest):
    for one in rest:
        first = first * one
    return first

def compute_reward(forward_velocity, torso_height, torso_angle):
    upright = np.cos(torso_angle)
    steady = np.exp(-np.abs(torso_height))
    gate = product_of(upright, steady)
    total = total_of(forward_velocity, gate, speed=1.0, gate=0.5)
    return total, {"speed": forward_velocity, "gate": gate}
