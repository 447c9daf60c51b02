def compute_reward(forward_velocity, torso_height):
    result = [forward_velocity * torso_height, {"product": forward_velocity * torso_height}]
    return result
