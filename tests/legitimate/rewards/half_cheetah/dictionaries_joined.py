def run_terms(v):
    return {"run": np.tanh(v / 5.0), "hurry": np.maximum(v - 5.0, 0.0)}

def cost_terms(u, w):
    return {"effort": -0.1 * np.sum(u ** 2, axis=-1), "spin": -0.01 * w ** 2}

def compute_reward(forward_velocity, action, torso_angular_velocity):
    all_terms = run_terms(forward_velocity) | cost_terms(action, torso_angular_velocity)
    assert len(all_terms) == 4 and "run" in all_terms
    removed = all_terms.pop("hurry")
    total = sum(all_terms.values()) + 0.0 * removed
    return total, dict(all_terms, hurry=removed)
