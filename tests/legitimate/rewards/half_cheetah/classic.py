import numpy as np

def compute_reward(forward_velocity, action):
    forward_reward = 1.0 * forward_velocity
    ctrl_cost = 0.1 * np.sum(np.square(action), axis=-1)
    reward = forward_reward - ctrl_cost
    return reward, {"reward_run": forward_reward, "reward_ctrl": -ctrl_cost}
