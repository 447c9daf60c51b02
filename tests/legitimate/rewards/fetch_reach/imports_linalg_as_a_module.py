from numpy import linalg as la
def compute_reward(goal, gripper_position):
    d = la.norm(goal - gripper_position, axis=1)
    return -d, {"distance": -d}
