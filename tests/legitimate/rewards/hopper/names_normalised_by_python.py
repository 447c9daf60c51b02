def compute_reward(forward_velocity, torso_height):
    # The micro sign and the Greek letter are one identifier to Python.
    µ = 0.3
    friction = μ * np.abs(forward_velocity)
    return torso_height - friction, {"friction": -friction}
