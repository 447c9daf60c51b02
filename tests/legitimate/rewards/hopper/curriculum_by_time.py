RAMP_SECONDS = 2.0

def compute_reward(time, forward_velocity, torso_height):
    progress = np.clip(time / RAMP_SECONDS, 0.0, 1.0)
    target = 0.5 + 1.5 * progress
    stand = (1.0 - progress) * np.exp(-10.0 * (torso_height - 1.25) ** 2)
    run = progress * np.exp(-np.abs(forward_velocity - target))
    return stand + run, {"stand": stand, "run": run}
