AXIS = np.array([0.0, 0.0, 1.0])
def compute_reward(torso_velocity, torso_angular_velocity, torso_position, torso_height):
    place = np.concatenate([torso_position, torso_height[:, None]], axis=-1)
    momentum = np.cross(place, torso_velocity)
    yaw = np.sum(torso_angular_velocity * AXIS, axis=-1)
    twist = np.linalg.norm(np.cross(torso_angular_velocity, AXIS), axis=-1)
    total = -0.01 * np.abs(momentum[:, 2]) - 0.1 * np.abs(yaw) - 0.1 * twist
    return total, {"momentum": -0.01 * np.abs(momentum[:, 2]), "yaw": -0.1 * np.abs(yaw), "twist": -0.1 * twist}
