from typing import Dict, Tuple
Components = Dict[str, np.ndarray]
Out = Tuple[np.ndarray, Components]
def compute_reward(forward_velocity) -> Out:
    components: Components = {"speed": forward_velocity}
    return forward_velocity, components
