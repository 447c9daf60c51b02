from typing import Dict, Tuple
Out = Tuple[np.ndarray, Dict[str, np.ndarray]]
def compute_reward(forward_velocity) -> Out:
    return forward_velocity, {"speed": forward_velocity}
