SHARP = True
def compute_reward(torso_height):
    f = lambda x: np.exp(-x * (10 if SHARP else 1))
    r = f(np.abs(torso_height - 1.25))
    return r, dict(r=r)
