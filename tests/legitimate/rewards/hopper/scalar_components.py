ALIVE_BONUS = 1
def compute_reward(forward_velocity, action):
    control = -0.001 * np.square(action).sum(-1)
    return forward_velocity + ALIVE_BONUS + control, {
        "forward": forward_velocity,
        "alive": ALIVE_BONUS,
        "control": control,
        "zero": 0.0,
        "flag": True,
        "half": np.float32(0.5),
    }
