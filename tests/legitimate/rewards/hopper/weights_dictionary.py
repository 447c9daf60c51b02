WEIGHTS = {"progress": 1.0, "upright": 0.5, "effort": -0.01}

def bell(x, width=0.2):
    return np.exp(-np.square(x / width))

def compute_reward(forward_velocity, torso_height, action):
    parts = {
        "progress": forward_velocity,
        "upright": bell(torso_height - 1.25),
        "effort": np.sum(np.square(action), axis=-1),
    }
    return sum(WEIGHTS[name] * part for name, part in parts.items()), parts
