COEFFICIENTS = [-0.01, 0.0, 1.0, 0.0]

def compute_reward(forward_velocity, torso_angle):
    v = np.clip(forward_velocity, -5, 5)
    cubic = np.polyval(COEFFICIENTS, v)
    horner = 0.0
    for c in COEFFICIENTS:
        horner = horner * v + c
    return 0.5 * (cubic + horner) - np.abs(torso_angle), {"cubic": cubic, "tilt": -np.abs(torso_angle)}
