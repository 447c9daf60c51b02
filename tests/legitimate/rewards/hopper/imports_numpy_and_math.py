import math
import numpy as np

def compute_reward(forward_velocity, torso_angle):
    r = forward_velocity * np.cos(torso_angle) + math.pi
    return r, {"r": r}
