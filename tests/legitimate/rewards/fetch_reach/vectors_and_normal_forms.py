NORMAL = np.array([0.0, 0.0, 1.0]) / np.sqrt(1.0)
TILT = math.radians(30)
PLANE = np.array([math.sin(TILT), 0.0, math.cos(TILT)])
def compute_reward(gripper_position, goal):
    gap = goal - gripper_position
    along = np.inner(gap, PLANE)
    height = np.vecdot(gap, NORMAL)
    flat = gap - height[:, None] * NORMAL
    side = np.linalg.vector_norm(flat, axis=-1)
    return -np.abs(along) - side, {"along": -np.abs(along), "side": -side, "height": -np.abs(height)}
