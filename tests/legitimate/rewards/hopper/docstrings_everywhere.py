"""A reward for hopping forward.

The three terms follow the classic formulation: forward progress, staying alive, and a small cost of control.
"""

FORWARD_WEIGHT = 1.0
"""How much a metre per second is worth."""


def alive(height):
    """One where the torso is above 0.7 m, zero elsewhere."""
    return (height > 0.7).astype(np.float32)


def compute_reward(forward_velocity, torso_height, action):
    """Computes the reward of a batch of transitions.

    Args:
        forward_velocity: metres per second, shape (B,).
        torso_height: metres, shape (B,).
        action: share of the greatest torque, shape (B, 3).

    Returns:
        A tuple of the total, shape (B,), and a dictionary with one array per component.
    """
    "Another string that stands alone."
    progress = FORWARD_WEIGHT * forward_velocity
    survival = alive(torso_height)
    control = -1e-3 * np.sum(action**2, axis=-1)
    return progress + survival + control, {"progress": progress, "survival": survival, "control": control}
