def compute_reward(forward_velocity, action):
    buffer = np.zeros(forward_velocity.shape, dtype=np.float64)
    np.multiply(forward_velocity, 0.5, out=buffer)
    np.add(buffer, 1.0, out=buffer, where=forward_velocity > 0)
    effort = np.sum(np.square(action), axis=-1, dtype=np.float64)
    np.clip(effort, 0.0, 4.0, out=effort)
    return (buffer - 0.1 * effort).astype(np.float32), {"run": buffer, "effort": -effort}
