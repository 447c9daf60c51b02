NAMES = "run tilt  effort".split()
LABELS = [name.strip().lower().replace("effort", "control") for name in NAMES]

def compute_reward(forward_velocity, torso_angle, action):
    values = [forward_velocity, -np.abs(torso_angle), -0.05 * np.sum(action**2, axis=-1)]
    parts = {"_".join(["r", label]): value for label, value in zip(LABELS, values) if not label.startswith("x")}
    return np.sum(list(parts.values()), axis=0), parts
