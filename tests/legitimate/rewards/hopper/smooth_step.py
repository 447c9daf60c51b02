def smoothstep(x, lo, hi):
    t = np.clip((x - lo) / (hi - lo), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)

def smootherstep(x, lo, hi):
    t = np.clip((x - lo) / (hi - lo), 0.0, 1.0)
    return t ** 3 * (t * (t * 6 - 15) + 10)

def compute_reward(torso_height, forward_velocity):
    stand = smoothstep(torso_height, 0.7, 1.2)
    run = smootherstep(forward_velocity, 0.0, 3.0)
    return stand * (1.0 + run), {"stand": stand, "run": run}
