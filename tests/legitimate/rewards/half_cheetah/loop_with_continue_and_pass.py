SKIPPED = {2, 5}

def compute_reward(joint_velocities, forward_velocity):
    cost = np.zeros_like(forward_velocity)
    for joint in range(6):
        if joint in SKIPPED:
            continue
        elif joint > 10:
            pass
        else:
            cost += joint_velocities[..., joint] ** 2
    return forward_velocity - 1e-3 * cost, {"run": forward_velocity, "cost": -1e-3 * cost}
