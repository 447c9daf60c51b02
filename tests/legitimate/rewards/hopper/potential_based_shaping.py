GAMMA = 0.99

def potential(height, angle):
    return np.exp(-5 * (height - 1.25) ** 2) - 0.5 * np.abs(angle)

def compute_reward(torso_height, prev_torso_height, torso_angle, prev_torso_angle, terminated):
    phi_next = potential(torso_height, torso_angle) * (1 - terminated)
    phi = potential(prev_torso_height, prev_torso_angle)
    shaping = GAMMA * phi_next - phi
    sparse = np.where(torso_height > 1.2, 1.0, 0.0)
    return sparse + shaping, {"sparse": sparse, "shaping": shaping}
