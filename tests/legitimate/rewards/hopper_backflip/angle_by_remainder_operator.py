TWO_PI = 2 * np.pi
def compute_reward(torso_angle, torso_height):
    turns = -torso_angle // TWO_PI
    within = -torso_angle % TWO_PI
    inverted = np.exp(-np.square(within - np.pi))
    total = turns + inverted + 0.1 * torso_height
    return total, {"turns": turns, "inverted": inverted}
