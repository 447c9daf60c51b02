def compute_reward(forward_velocity):
    r = (forward_velocity + forward_velocity + forward_velocity + forward_velocity + forward_velocity + forward_velocity
         + forward_velocity + forward_velocity + forward_velocity + forward_velocity + forward_velocity + forward_velocity
         + forward_velocity + forward_velocity + forward_velocity + forward_velocity + forward_velocity + forward_velocity
         + forward_velocity + forward_velocity + forward_velocity + forward_velocity + forward_velocity + forward_velocity
         + forward_velocity + forward_velocity + forward_velocity + forward_velocity + forward_velocity + forward_velocity
         + forward_velocity + forward_velocity + forward_velocity + forward_velocity + forward_velocity + forward_velocity
         + forward_velocity + forward_velocity + forward_velocity + forward_velocity + forward_velocity + forward_velocity
         + forward_velocity + forward_velocity + forward_velocity + forward_velocity + forward_velocity + forward_velocity
         + forward_velocity + forward_velocity + forward_velocity + forward_velocity + forward_velocity + forward_velocity
         + forward_velocity + forward_velocity + forward_velocity + forward_velocity + forward_velocity + forward_velocity)
    return r, {"r": r}
