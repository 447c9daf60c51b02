def compute_reward(joint_velocities, torso_height):
    speeds = np.abs(joint_velocities)
    median = np.median(speeds, axis=-1)
    q90 = np.percentile(speeds, 90, axis=-1)
    busiest = np.argmax(speeds, axis=-1)
    hip_is_busiest = busiest % 2 == 0
    deviation = speeds.std(axis=-1)
    total = -median - 0.1 * q90 - deviation - torso_height + 0.05 * hip_is_busiest
    return total, {"median": -median, "q90": -0.1 * q90, "deviation": -deviation, "hip": hip_is_busiest}
