PREFIX, DIGITS = "leg", 2

def compute_reward(back_leg_angles, front_leg_angles):
    parts = {}
    for side, angles in (("back", back_leg_angles), ("front", front_leg_angles)):
        for j in range(angles.shape[-1]):
            parts[f"{PREFIX}_{side}_{j:0{DIGITS}d}"] = -np.square(angles[:, j])
    parts["joint_%d" % 9] = np.cos(back_leg_angles[:, 0])
    return sum(parts.values()), parts
