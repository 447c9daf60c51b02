def compute_reward(forward_velocity, torso_angle, action):
    import numpy as np
    from math import exp, pi

    lean = np.abs(torso_angle) / pi
    effort = np.mean(np.abs(action), axis=-1)
    decay = exp(-1.0)
    total = forward_velocity - decay * lean - 0.1 * effort
    return total, {"speed": forward_velocity, "lean": -decay * lean, "effort": -0.1 * effort}
