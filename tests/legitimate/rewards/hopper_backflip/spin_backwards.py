def compute_reward(torso_angular_velocity, torso_height, vertical_velocity):
    spin = -torso_angular_velocity
    airborne = torso_height > 1.3
    jump = np.maximum(vertical_velocity, 0.0)
    total = 0.5 * spin * airborne + 0.2 * jump
    return total, {"spin": 0.5 * spin * airborne, "jump": 0.2 * jump}
