POSTS = np.array([[1.3, 0.7, 0.5], [1.2, 0.9, 0.6], [1.4, 0.6, 0.7]])

def compute_reward(gripper_position, goal):
    gaps = gripper_position[:, np.newaxis] - POSTS
    to_posts = np.sqrt(np.einsum("bpi,bpi->bp", gaps, gaps))
    nearest = np.min(to_posts, axis=-1)
    clearance = np.clip(nearest / 0.1, 0, 1)
    d = ((gripper_position - goal) ** 2).sum(1) ** 0.5
    return clearance - d, {"clearance": clearance, "distance": -d}
