def compute_reward(forward_velocity):
    return forward_velocity, {"speed": forward_velocity}
