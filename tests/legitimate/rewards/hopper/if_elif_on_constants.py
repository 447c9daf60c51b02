MODE = "balanced"
SPEED_LEVEL = 2

def compute_reward(forward_velocity, torso_height, action):
    if MODE == "fast":
        w_v, w_h, w_u = 2.0, 0.1, 0.0
    elif MODE == "balanced" and 1 <= SPEED_LEVEL < 5:
        w_v, w_h, w_u = 1.0, 0.5, 1e-2
    elif MODE in ("slow", "careful"):
        w_v, w_h, w_u = 0.2, 1.0, 1e-1
    else:
        w_v = w_h = w_u = 1.0
    if not SPEED_LEVEL:
        w_v = 0.0
    v = w_v * forward_velocity
    h = w_h * (torso_height >= 1.0)
    u = -w_u * np.sum(np.abs(action), axis=-1)
    return v + h + u, {"v": v, "h": h, "u": u}
