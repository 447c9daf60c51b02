UPRIGHT = np.array([1.0, 0.0, 0.0, 0.0], dtype=np.float32)
def compute_reward(torso_orientation, prev_torso_orientation):
    unit = torso_orientation / np.linalg.norm(torso_orientation, axis=-1, keepdims=True)
    before = prev_torso_orientation / np.linalg.norm(prev_torso_orientation, axis=-1, keepdims=True)
    dot = np.abs(unit @ UPRIGHT)
    angle = 2.0 * np.arccos(np.clip(dot, 0.0, 1.0))
    turned = 1.0 - np.square(np.sum(unit * before, axis=-1))
    return -angle - turned, {"angle": -angle, "turned": -turned}
