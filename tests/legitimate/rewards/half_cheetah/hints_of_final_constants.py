from typing import Final, Literal, TypeAlias
from collections.abc import Mapping

Array: TypeAlias = np.ndarray
TARGET: Final = 5.0
WIDTH: Final[float] = 2.0
KIND: Literal["gauss", "linear"] = "gauss"
WEIGHTS: Final[Mapping[str, float]] = {"speed": 1.0, "effort": -0.05}

def compute_reward(forward_velocity: Array, action: Array) -> tuple[Array, dict[str, Array]]:
    error: Array = (forward_velocity - TARGET) / WIDTH
    speed: Array = np.exp(-error * error) if KIND == "gauss" else 1 - np.abs(error)
    effort: Array = np.square(action).mean(axis=-1)
    return WEIGHTS["speed"] * speed + WEIGHTS["effort"] * effort, {"speed": speed, "effort": effort}
