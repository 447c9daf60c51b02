def jump(v, w):
    return np.maximum(v, 0)

def spin(v, w):
    return np.maximum(-w, 0)

TERMS = {"jump": jump, "spin": spin}
WEIGHTS = {"jump": 0.3, "spin": 0.7}

def compute_reward(vertical_velocity, torso_angular_velocity):
    parts = {name: WEIGHTS[name] * term(vertical_velocity, torso_angular_velocity) for name, term in TERMS.items()}
    total = np.add.reduce(list(parts.values()))
    return total, parts
