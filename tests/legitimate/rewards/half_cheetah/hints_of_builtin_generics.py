def norm1(values: list[np.ndarray]) -> np.ndarray:
    total: np.ndarray = np.zeros_like(values[0])
    for value in values:
        total += np.abs(value)
    return total

def compute_reward(forward_velocity: np.ndarray, torso_height: np.ndarray, torso_angle: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    parts: dict[str, np.ndarray] = {"run": forward_velocity, "posture": -norm1([torso_height, torso_angle])}
    total: np.ndarray = parts["run"] + parts["posture"]
    return total, parts
