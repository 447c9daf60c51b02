def compute_reward(forward_velocity, torso_height):
    with np.errstate(divide="ignore", invalid="ignore"):
        r = np.nan_to_num(1.0 / forward_velocity, posinf=0.0, neginf=0.0)
        s = np.where(torso_height > 0, np.sqrt(torso_height), 0.0)
    r = np.clip(r, -1.0, 1.0)
    return r + s, {"r": r, "s": s}
