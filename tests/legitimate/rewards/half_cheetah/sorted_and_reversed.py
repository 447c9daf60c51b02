WEIGHTS = {"tilt": -0.5, "run": 1.0, "effort": -0.1}

def compute_reward(forward_velocity, torso_angle, action):
    raw = {"run": forward_velocity, "tilt": np.abs(torso_angle), "effort": (action ** 2).mean(axis=-1)}
    ordered = sorted(raw, key=lambda name: -abs(WEIGHTS[name]))
    total = np.zeros_like(forward_velocity)
    for name in reversed(ordered):
        total += WEIGHTS[name] * raw[name]
    names = sorted(set(raw) & set(WEIGHTS))
    return total, {name: WEIGHTS[name] * raw[name] for name in names}
