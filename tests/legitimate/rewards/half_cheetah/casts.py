def compute_reward(forward_velocity, torso_angle, action):
    v = forward_velocity.astype(np.float64)
    a = np.asarray(torso_angle, dtype="float64")
    u = np.array(action, dtype=np.float32, copy=True)
    upright = (np.cos(a) > 0).astype(float)
    total = np.float64(0.5) * v + upright - np.float32(0.01) * np.sum(u * u, axis=1, keepdims=False)
    return total.astype("float32"), {"v": v, "upright": upright}
