TARGET_HEIGHT = 1.25
HEIGHT_SCALE, ANGLE_SCALE = 0.2, 0.1
W_SPEED = W_HEIGHT = 1.0
W_ANGLE = 0.5 * W_HEIGHT
MAX_SPEED = 10 ** 0.5
EPS = 1e-8
LIMITS = (-1_000.0, 1_000.0)

def compute_reward(forward_velocity, torso_height, torso_angle):
    speed = np.minimum(forward_velocity, MAX_SPEED) / (MAX_SPEED + EPS)
    height = np.exp(-((torso_height - TARGET_HEIGHT) / HEIGHT_SCALE) ** 2)
    angle = np.exp(-(torso_angle / ANGLE_SCALE) ** 2)
    total = np.clip(W_SPEED * speed + W_HEIGHT * height + W_ANGLE * angle, *LIMITS)
    return total, {"speed": speed, "height": height, "angle": angle}
