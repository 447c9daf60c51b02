import typing
import typing as t

def clipped(x, low: typing.Optional[float] = None, high: t.Union[float, None] = None):
    return np.clip(x, low, high)

def compute_reward(forward_velocity, torso_angle) -> "typing.Tuple[np.ndarray, t.Dict[str, np.ndarray]]":
    run = clipped(forward_velocity, high=8.0)
    tilt = clipped(np.abs(torso_angle), 0.0, 1.0)
    return run - tilt, {"run": run, "tilt": -tilt}
