FREQUENCY, HARMONICS = 1.5, (1, 2, 3)

def compute_reward(time, thigh_angle, leg_angle, foot_angle):
    phase = 2.0 * np.pi * FREQUENCY * time
    wave = sum(np.sin(k * phase) / k for k in HARMONICS)
    joints = np.column_stack((thigh_angle, leg_angle, foot_angle))
    error = joints - 0.3 * wave[:, None] * np.array([1.0, -1.0, 0.5])
    follow = np.exp(-np.sum(error ** 2, axis=1))
    return follow, {"follow": follow, "wave": wave}
