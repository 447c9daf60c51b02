def compute_reward(forward_velocity, torso_height, prev_torso_height, action):
    progress = forward_velocity
    upright = np.exp(-np.square((torso_height - 1.25) / 0.2))
    effort = np.sum(np.square(action), axis=-1)
    rising = torso_height - prev_torso_height
    total = 1.0 * progress + 0.5 * upright - 0.01 * effort + rising
    return total, {"progress": progress, "upright": upright, "effort": effort, "rising": rising}
