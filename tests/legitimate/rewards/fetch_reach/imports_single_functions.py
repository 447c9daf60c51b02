from math import sqrt, pi
from numpy import exp, square
from numpy.linalg import norm
def compute_reward(goal, gripper_position):
    d = norm(goal - gripper_position, axis=-1)
    r = exp(-square(d)) / sqrt(2 * pi)
    return r, {"near": r}
