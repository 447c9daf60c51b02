AXES = "xyz"
AXIS_WEIGHT = dict(x=1.0, y=1.0, z=2.0)

def compute_reward(gripper_position, goal):
    error = np.abs(gripper_position - goal)
    parts = {f"error_{axis}": -AXIS_WEIGHT[axis] * error[:, i] for i, axis in enumerate(AXES)}
    worst = -error.max(axis=-1)
    total = worst
    for part in parts.values():
        total = total + part
    parts["worst"] = worst
    return total, parts
