def compute_reward(gripper_position, goal, action):
	d = np.linalg.norm(gripper_position - goal, axis=-1)
	if True:
		near = np.exp(-d / 0.1)
	else:
		near = 0.0
	return near - 0.01 * np.abs(action).sum(-1),	{"near": near}
