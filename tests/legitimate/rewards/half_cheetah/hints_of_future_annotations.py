from __future__ import annotations

from typing import Any, Dict, Optional, Tuple

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]


def scale(x: FloatArray, factor: Optional[float] = None) -> FloatArray:
    return x if factor is None else x * factor


def compute_reward(forward_velocity: FloatArray, torso_angle: npt.NDArray[np.floating[Any]]) -> Tuple[FloatArray, Dict[str, FloatArray]]:
    total: FloatArray = scale(forward_velocity, 2.0) + scale(np.cos(torso_angle))
    bonus: float
    bonus = 1.0
    return total + bonus, {"total_": total}
