def compute_reward(torso_height, torso_velocity, joint_velocities, action):
    low = np.exp(-np.maximum(torso_height - 0.25, 0.0) / 0.1)
    still = np.exp(-np.sum(np.square(torso_velocity), axis=-1))
    calm = np.exp(-0.1 * np.mean(np.abs(joint_velocities), axis=-1))
    effort = -0.01 * np.sum(np.square(action), axis=-1)
    return 2.0 * low + still + calm + effort, {"low": low, "still": still, "calm": calm, "effort": effort}
