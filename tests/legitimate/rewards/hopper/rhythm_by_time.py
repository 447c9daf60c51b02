PERIOD = 0.5  # seconds per hop

def compute_reward(time, vertical_velocity, torso_height, joint_velocities):
    phase = 2 * np.pi * np.mod(time, PERIOD) / PERIOD
    wanted = 1.5 * np.sin(phase)
    follow = np.exp(-((vertical_velocity - wanted) ** 2))
    flight = (phase < np.pi) * np.maximum(torso_height - 1.25, 0)
    noise = 1e-3 * np.abs(joint_velocities).max(axis=1)
    return follow + flight - noise, {"follow": follow, "flight": flight, "noise": -noise}
