'''
   gripper  o
             \
              \   d
               \
                x  goal
'''
"""
old_version = "def compute_reward(goal): return 0, {}"
"""
# def compute_reward(env): return env.distance()
def compute_reward(gripper_position, goal):
    d = np.linalg.norm(gripper_position - goal, axis=-1)  # type: ignore
    # fmt: off
    r = -d; # noqa
    # fmt: on
    return r, {"r": r}
