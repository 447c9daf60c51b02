def compute_reward(torso_height):
    """Rows are spread by the caller."""
    return torso_height * 1, {"constant": 3, "yes": True, "pi": np.pi, "tiny": np.float64(1e-3), "list": np.array(2.0)}
