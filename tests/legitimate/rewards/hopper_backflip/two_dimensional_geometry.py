THIGH, LEG, FOOT = 0.45, 0.5, 0.39

def foot_of(torso_angle, thigh, leg, foot):
    angle, x, z = torso_angle, 0.0, 0.0
    for length, bend in ((THIGH, thigh), (LEG, leg), (FOOT, foot)):
        angle = angle + bend
        x = x + length * np.sin(angle)
        z = z - length * np.cos(angle)
    return np.stack((x, z), axis=-1)

def compute_reward(torso_angle, thigh_angle, leg_angle, foot_angle, torso_height):
    tip = foot_of(torso_angle, thigh_angle, leg_angle, foot_angle)
    clearance = torso_height + tip[..., 1]
    under = -np.abs(tip[..., 0])
    return clearance + 0.2 * under, {"clearance": clearance, "under": 0.2 * under}
