from typing import Union, Optional, List, Sequence, Callable
import numpy as np

Number = Union[int, float]
Shaper = Callable[[np.ndarray], np.ndarray]

def weighted(values: Sequence[np.ndarray], weights: Optional[List[Number]] = None) -> np.ndarray:
    weights = weights or [1.0] * len(values)
    return sum(w * v for w, v in zip(weights, values))

def soft(x: "np.ndarray", limit: int | float = 3, shaper: "Shaper | None" = None) -> np.ndarray:
    if shaper is not None:
        x = shaper(x)
    return limit * np.tanh(x / limit)

def compute_reward(forward_velocity: np.ndarray, vertical_velocity: np.ndarray):
    run = soft(forward_velocity)
    bounce = -soft(vertical_velocity, limit=1, shaper=np.abs)
    return weighted([run, bounce], [1, 0.2]), {"run": run, "bounce": bounce}
