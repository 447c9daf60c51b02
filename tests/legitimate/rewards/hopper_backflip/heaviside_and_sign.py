def compute_reward(torso_angular_velocity, vertical_velocity, torso_height):
    gate = np.heaviside(torso_height - 1.0, 0.5)
    direction = -np.sign(torso_angular_velocity)
    magnitude = np.cbrt(np.abs(torso_angular_velocity))
    root = np.copysign(np.sqrt(np.abs(vertical_velocity)), vertical_velocity)
    return gate * direction * magnitude + 0.1 * root, {"gate": gate, "turn": direction * magnitude, "root": 0.1 * root}
