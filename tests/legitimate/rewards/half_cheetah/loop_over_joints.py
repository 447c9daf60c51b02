JOINT_NAMES = ["bthigh", "bshin", "bfoot", "fthigh", "fshin", "ffoot"]
JOINT_WEIGHTS = [1.0, 0.8, 0.5, 1.0, 0.8, 0.5]

def compute_reward(forward_velocity, joint_velocities, action):
    power = np.zeros(forward_velocity.shape[0], dtype=np.float32)
    components = {"forward": forward_velocity}
    for i, (name, weight) in enumerate(zip(JOINT_NAMES, JOINT_WEIGHTS)):
        joint_power = np.abs(joint_velocities[:, i] * action[:, i])
        components["power_" + name] = -0.01 * weight * joint_power
        power += weight * joint_power
    return forward_velocity - 0.01 * power, components
