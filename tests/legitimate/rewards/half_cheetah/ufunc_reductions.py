def compute_reward(forward_velocity, torso_height, torso_angle):
    worst = np.minimum.reduce([forward_velocity, torso_height, torso_angle])
    everything = np.logical_and.reduce((forward_velocity > 0, torso_height > -0.3, np.abs(torso_angle) < 1))
    return worst + everything, {"worst": worst, "everything": everything}
