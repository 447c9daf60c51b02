def compute_reward(torso_angle, prev_torso_angle):
    turned = np.arctan2(np.sin(torso_angle - prev_torso_angle), np.cos(torso_angle - prev_torso_angle))
    backwards = -turned / 0.008
    return backwards, {"backwards": backwards}
