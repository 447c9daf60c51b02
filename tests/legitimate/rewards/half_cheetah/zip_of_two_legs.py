def compute_reward(back_leg_angles, front_leg_angles, forward_velocity):
    symmetry = 0.0
    for back, front in zip(back_leg_angles.T, front_leg_angles.T):
        symmetry = symmetry - np.abs(back + front)
    mean_leg = (back_leg_angles + front_leg_angles).mean(axis=1)
    return forward_velocity + 0.1 * symmetry, {"run": forward_velocity, "symmetry": symmetry, "lean": -np.abs(mean_leg)}
