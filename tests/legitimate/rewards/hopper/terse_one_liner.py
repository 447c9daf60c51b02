def compute_reward(forward_velocity, action): return forward_velocity - .001 * (action**2).sum(-1), {"v": forward_velocity, "u": -.001 * (action**2).sum(-1)}
