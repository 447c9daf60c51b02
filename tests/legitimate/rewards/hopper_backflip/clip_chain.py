def compute_reward(torso_angular_velocity, torso_height):
    spin = (-torso_angular_velocity).clip(0, 10).round(2).astype(np.float32) / 10
    lift = torso_height.clip(min=0.7, max=1.8) - 0.7
    return (spin * lift).clip(max=1.0), {"spin": spin, "lift": lift}
