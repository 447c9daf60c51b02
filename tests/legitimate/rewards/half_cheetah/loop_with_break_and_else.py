def compute_reward(action):
    r = 0.0 * action[:, 0]
    for i in range(action.shape[1]):
        if i == 2:
            break
        r += action[:, i]
    else:
        r = r * 2
    return r, {"r": r}
