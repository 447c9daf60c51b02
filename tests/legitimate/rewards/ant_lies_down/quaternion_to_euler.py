def quaternion_to_euler(q):
    w, x, y, z = q[:, 0], q[:, 1], q[:, 2], q[:, 3]
    roll = np.arctan2(2.0 * (w * x + y * z), 1.0 - 2.0 * (x * x + y * y))
    pitch = np.arcsin(np.clip(2.0 * (w * y - z * x), -1.0, 1.0))
    yaw = np.arctan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))
    return roll, pitch, yaw

def compute_reward(torso_orientation, torso_height):
    roll, pitch, _ = quaternion_to_euler(torso_orientation)
    level = np.exp(-(roll ** 2 + pitch ** 2))
    low = 1.0 - np.clip(torso_height, 0, 1)
    return level + low, {"level": level, "low": low}
