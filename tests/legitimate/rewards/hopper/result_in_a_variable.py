def compute_reward(forward_velocity):
    result = (forward_velocity, {"speed": forward_velocity})
    return result
