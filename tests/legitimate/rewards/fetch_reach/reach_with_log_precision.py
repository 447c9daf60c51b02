def compute_reward(gripper_position, goal, action):
    d = np.linalg.norm(gripper_position - goal, axis=-1)
    coarse = -d
    fine = -np.log(d + 1e-2) / np.log(10.0)
    precise = np.log1p(np.maximum(0.05 - d, 0.0) * 100)
    effort = -0.01 * np.linalg.norm(action[:, :3], axis=-1)
    return coarse + 0.5 * fine + precise + effort, dict(coarse=coarse, fine=0.5 * fine, precise=precise, effort=effort)
