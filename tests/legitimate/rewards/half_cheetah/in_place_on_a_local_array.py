def compute_reward(forward_velocity, terminated):
    r = np.empty_like(forward_velocity)
    r[:] = forward_velocity
    r -= 10.0 * terminated
    r *= 0.5
    r /= 2
    r **= 1
    return r, {"r": r}
