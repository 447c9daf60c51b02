def compute_reward(torso_angle, torso_angular_velocity):
    θ, ω = torso_angle, torso_angular_velocity
    Δ = np.abs(θ)
    return np.cos(θ) - 0.01 * ω**2 - Δ, {"upright": np.cos(θ), "spin": -0.01 * ω**2}
