def compute_reward(forward_velocity, torso_height):
    r = forward_velocity.copy()
    r[torso_height < 0.7] = 0.0
    r[(torso_height > 1.4) & ~(forward_velocity > 1)] *= 0.5
    return r, {"r": r}
