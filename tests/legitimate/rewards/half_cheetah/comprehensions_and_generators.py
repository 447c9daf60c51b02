def compute_reward(action):
    terms = [action[:, i] ** 2 for i in range(6)]
    parts = {f"joint_{i}": -term for i, term in enumerate(terms)}
    return sum(-t for t in terms), parts
