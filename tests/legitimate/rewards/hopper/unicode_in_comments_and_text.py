# Récompense pour sauter — « vite et droit » 🦿  速く真っ直ぐ
UNITS = {"vitesse": "m·s⁻¹", "angle": "°"}  # jamais lus

def compute_reward(forward_velocity, torso_angle):
    """Récompense la vitesse; pénalise |θ| (voir ci‑dessus)."""
    penalty = np.degrees(np.abs(torso_angle)) / 90.0  # 0 … 2°
    assert "°" in UNITS["angle"], "l’angle est en degrés"
    return forward_velocity - penalty, {"vitesse": forward_velocity, "inclinaison": -penalty}
