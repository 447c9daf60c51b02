def compute_reward(gripper_position, goal, gripper_velocity):
    d = np.linalg.norm(gripper_position - goal, axis=-1)
    speed = np.linalg.norm(gripper_velocity, axis=-1)
    far, near = d >= 0.1, d < 0.1
    reward = np.zeros_like(d)
    reward[far] = -d[far]
    reward[near] = 1.0 - 5.0 * speed[near]
    stage = np.zeros(d.shape, dtype=int)
    stage[near] = 1
    stage[near & (speed < 0.01)] = 2
    return reward, {"reward": reward, "stage": stage}
