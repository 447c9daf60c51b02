def compute_reward(torso_height, torso_orientation, torso_velocity, joint_angles, joint_velocities, action, prev_action):
    up_weight, heading_weight = 0.1, 0.5
    actions_cost_scale = 0.005
    energy_cost_scale = 0.05
    joints_at_limit_cost_scale = 0.1
    termination_height = 0.31
    death_cost = -2.0

    w, x, y, z = (torso_orientation[..., i] for i in range(4))
    heading_proj = 1 - 2 * (y ** 2 + z ** 2)
    up_proj = 1 - 2 * (x ** 2 + y ** 2)

    # reward from direction headed
    heading_weight_tensor = np.ones_like(heading_proj) * heading_weight
    heading_reward = np.where(heading_proj > 0.8, heading_weight_tensor, heading_weight * heading_proj / 0.8)

    # aligning up axis and environment
    up_reward = np.zeros_like(heading_reward)
    up_reward = np.where(up_proj > 0.93, up_reward + up_weight, up_reward)

    # energy penalty for movement
    actions_cost = np.sum(action ** 2, axis=-1)
    electricity_cost = np.sum(np.abs(action * joint_velocities), axis=-1)
    dof_at_limit_cost = np.sum(np.abs(joint_angles) > 0.99, axis=-1)

    # reward for duration of staying alive
    alive_reward = np.ones_like(up_reward) * 0.5
    progress_reward = torso_velocity[:, 0]

    total_reward = progress_reward + alive_reward + up_reward + heading_reward - \
        actions_cost_scale * actions_cost - energy_cost_scale * electricity_cost - dof_at_limit_cost * joints_at_limit_cost_scale

    # adjust reward for fallen agents
    total_reward = np.where(torso_height < termination_height, np.ones_like(total_reward) * death_cost, total_reward)
    smooth = -np.abs(action - prev_action).sum(axis=-1)
    return total_reward + 0.001 * smooth, {"progress": progress_reward, "up": up_reward, "heading": heading_reward, "w": w}
