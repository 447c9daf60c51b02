import numpy as np

_DEFAULT_VALUE_AT_MARGIN = 0.1

def _sigmoids(x, value_at_1, sigmoid):
    if sigmoid == "gaussian":
        scale = np.sqrt(-2 * np.log(value_at_1))
        return np.exp(-0.5 * (x * scale) ** 2)
    elif sigmoid == "hyperbolic":
        scale = math.acosh(1 / value_at_1)
        return 1 / np.cosh(x * scale)
    elif sigmoid == "long_tail":
        scale = np.sqrt(1 / value_at_1 - 1)
        return 1 / ((x * scale) ** 2 + 1)
    elif sigmoid == "linear":
        scale = 1 - value_at_1
        scaled_x = x * scale
        return np.where(abs(scaled_x) < 1, 1 - scaled_x, 0.0)
    else:
        return np.zeros_like(x)

def tolerance(x, bounds=(0.0, 0.0), margin=0.0, sigmoid="gaussian", value_at_margin=_DEFAULT_VALUE_AT_MARGIN):
    lower, upper = bounds
    in_bounds = np.logical_and(lower <= x, x <= upper)
    if margin == 0:
        value = np.where(in_bounds, 1.0, 0.0)
    else:
        d = np.where(x < lower, lower - x, x - upper) / margin
        value = np.where(in_bounds, 1.0, _sigmoids(d, value_at_margin, sigmoid))
    return value

def compute_reward(torso_height, forward_velocity, action):
    standing = tolerance(torso_height, (0.6, 2))
    hopping = tolerance(forward_velocity, bounds=(2, float("inf")), margin=1.0, value_at_margin=0.5, sigmoid="linear")
    small_control = tolerance(action, margin=1, value_at_margin=0.1, sigmoid="long_tail").mean(axis=-1)
    small_control = (small_control + 4) / 5
    return standing * hopping * small_control, {"standing": standing, "hopping": hopping, "small_control": small_control}
