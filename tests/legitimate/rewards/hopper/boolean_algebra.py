def compute_reward(torso_height, torso_angle, forward_velocity, vertical_velocity):
    high = torso_height > 1.0
    straight = np.abs(torso_angle) < 0.2
    moving = (forward_velocity > 0.5) | (vertical_velocity > 0.5)
    exactly_one = high ^ straight
    stuck = ~moving & (high | straight)
    total = 1.0 * (high & straight & moving) + 0.25 * exactly_one - 0.5 * stuck
    return total, {"good": high & straight & moving, "partly": exactly_one, "stuck": stuck}
