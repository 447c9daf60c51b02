WINDOWS = ((0.0, 1.0, "crouch"), (1.0, 2.0, "leap"), (2.0, 8.0, "turn"))

def compute_reward(time, torso_height, vertical_velocity, torso_angular_velocity):
    wanted = {"crouch": -torso_height, "leap": vertical_velocity, "turn": -torso_angular_velocity}
    parts = {}
    for begin, end, name in WINDOWS:
        active = (time >= begin) & (time < end)
        parts[name] = np.where(active, wanted[name], 0.0)
    return sum(parts.values()), parts
