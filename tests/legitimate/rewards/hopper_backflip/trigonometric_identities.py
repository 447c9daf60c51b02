def compute_reward(torso_angle, thigh_angle, leg_angle):
    s, c = np.sin(torso_angle), np.cos(torso_angle)
    ratio = s / np.where(np.abs(c) < 1e-3, 1e-3, c)
    bounded = np.arctan(ratio)
    up = np.sinc(torso_angle / np.pi)
    fold = np.cos(np.deg2rad(np.rad2deg(thigh_angle) - np.rad2deg(leg_angle)))
    return c + 0.1 * bounded + up + fold, {"cos": c, "bounded": 0.1 * bounded, "up": up, "fold": fold}
