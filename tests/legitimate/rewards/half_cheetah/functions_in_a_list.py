TERMS = [
    ("run", 1.0, lambda v, u: v),
    ("hurry", 0.1, lambda v, u: np.maximum(v - 3.0, 0.0)),
    ("effort", -0.05, lambda v, u: np.sum(u * u, axis=-1)),
]

def compute_reward(forward_velocity, action):
    parts = {}
    total = 0
    for name, weight, term in TERMS:
        parts[name] = term(forward_velocity, action)
        total = total + weight * parts[name]
    return total, parts
