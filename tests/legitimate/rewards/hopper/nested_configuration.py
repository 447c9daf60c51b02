CONFIG = {
    "height": {"target": 1.25, "tolerance": 0.3, "weight": 1.0},
    "angle": {"target": 0.0, "tolerance": 0.2, "weight": 0.5},
    "speed": {"target": 2.0, "tolerance": 1.0, "weight": 2.0},
}

def tracking(value, cfg):
    error = (value - cfg["target"]) / cfg["tolerance"]
    return cfg["weight"] * np.exp(-0.5 * error ** 2)

def compute_reward(torso_height, torso_angle, forward_velocity):
    measured = {"height": torso_height, "angle": torso_angle, "speed": forward_velocity}
    components = {key: tracking(measured[key], CONFIG[key]) for key in CONFIG}
    total = np.zeros_like(torso_height)
    for key in components:
        total = total + components[key]
    return total, components
