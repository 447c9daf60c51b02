JUMP, TUCK, LAND = 0, 1, 2

def phase_of(angle):
    phase = np.full(angle.shape, JUMP)
    phase = np.where(angle < -0.5, TUCK, phase)
    phase = np.where(angle < -5.0, LAND, phase)
    return phase

def compute_reward(torso_angle, torso_angular_velocity, vertical_velocity, torso_height, thigh_angle, leg_angle):
    phase = phase_of(torso_angle)
    jump = (phase == JUMP) * np.tanh(vertical_velocity)
    tuck = (phase == TUCK) * (np.clip(-torso_angular_velocity, 0.0, 10.0) / 10.0 + 0.1 * np.abs(thigh_angle - leg_angle))
    land = (phase == LAND) * np.exp(-np.abs(torso_height - 1.25))
    return jump + tuck + land, {"jump": jump, "tuck": tuck, "land": land}
