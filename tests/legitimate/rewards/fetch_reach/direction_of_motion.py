def unit(v, eps=1e-6):
    return v / (np.sqrt((v ** 2).sum(axis=-1, keepdims=True)) + eps)

def compute_reward(gripper_position, goal, gripper_velocity):
    to_goal = unit(goal - gripper_position)
    heading = np.sum(unit(gripper_velocity) * to_goal, axis=-1)
    closing = (gripper_velocity * to_goal).sum(axis=-1)
    return heading + 10.0 * closing, {"heading": heading, "closing": 10.0 * closing}
