LEG_JOINTS = {"front_left": (2, 3), "front_right": (0, 1), "back_left": (4, 5), "back_right": (6, 7)}

def compute_reward(joint_angles, joint_velocities, torso_height):
    leg_cost = {}
    for leg, (hip, ankle) in LEG_JOINTS.items():
        leg_cost[leg] = 0.1 * (joint_velocities[:, hip] ** 2 + joint_velocities[:, ankle] ** 2)
    bent = np.mean([np.abs(joint_angles[:, ankle]) for _, ankle in LEG_JOINTS.values()], axis=0)
    total = -np.mean(list(leg_cost.values()), axis=0) + bent - torso_height
    components = {f"still_{leg}": -cost for leg, cost in leg_cost.items()}
    components["bent"] = bent
    return total, components
