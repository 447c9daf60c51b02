KNOTS, VALUES = [-1.0, 0.0, 3.0, 10.0], [-2.0, 0.0, 1.0, 1.5]

def compute_reward(forward_velocity, torso_height):
    speed = np.interp(forward_velocity, KNOTS, VALUES)
    bent = np.piecewise(torso_height, [torso_height < 0, torso_height >= 0], [lambda x: -x, lambda x: x * 2])
    return speed - 0.1 * bent, {"speed": speed, "bent": -0.1 * bent}
