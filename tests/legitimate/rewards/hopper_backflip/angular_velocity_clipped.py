MAX_SPIN = 8
def compute_reward(torso_angular_velocity, joint_velocities, action):
    spin = np.clip(-torso_angular_velocity, a_min=-MAX_SPIN, a_max=MAX_SPIN) / MAX_SPIN
    flail = np.minimum(np.abs(joint_velocities), 5).sum(axis=-1)
    effort = np.abs(action).mean(-1)
    return 2 * spin - 0.01 * flail - 0.05 * effort, {"spin": 2 * spin, "flail": -0.01 * flail, "effort": -0.05 * effort}
