# =============================================================================
#  Reward: an ant that lies down
#
#  Goal     : rest on the ground, close to where the episode began, without
#             moving, for as long as possible.
#  Approach : a staged reward. First come down, then be still, then stay there.
# =============================================================================
import numpy as np

# ----------------------------------------------------------------------------
# Hyper-parameters
# ----------------------------------------------------------------------------
STANDING_HEIGHT = 0.55      # [m] height of the torso when the ant stands
RESTING_HEIGHT  = 0.25      # [m] height of the torso at rest on the ground
SPEED_SCALE     = 0.5       # [m/s] at which "moving" is plainly moving
HOME_RADIUS     = 1.0       # [m] how far from home is far

STAGE_WEIGHTS   = (1.0, 1.0, 0.5)   # come down, be still, stay home
EFFORT_WEIGHT   = 0.005


# ----------------------------------------------------------------------------
# Helpers
# ----------------------------------------------------------------------------
def _fraction(value, start, end):
    """Fraction of the way from `start` to `end`, clipped to [0, 1]."""
    return np.clip((value - start) / (end - start), 0.0, 1.0)


def _decay(value, scale):
    """1 at zero, falling to 1/e at `scale`."""
    return np.exp(-np.abs(value) / scale)


# ----------------------------------------------------------------------------
# The reward
# ----------------------------------------------------------------------------
def compute_reward(torso_height, torso_velocity, torso_position, torso_orientation, action):
    """Staged reward of lying down.

    Stage 1 rewards coming down: it grows linearly from the standing height to the resting height.
    Stage 2 rewards being still, and only counts as far as stage 1 is reached.
    Stage 3 rewards being near home, likewise.
    """
    # --- stage 1: come down --------------------------------------------------
    down = _fraction(torso_height, STANDING_HEIGHT, RESTING_HEIGHT)

    # --- stage 2: be still ---------------------------------------------------
    speed = np.sqrt(np.sum(np.square(torso_velocity), axis=-1))
    still = down * _decay(speed, SPEED_SCALE)

    # --- stage 3: stay home --------------------------------------------------
    away = np.sqrt(np.sum(np.square(torso_position), axis=-1))
    home = down * _decay(away, HOME_RADIUS)

    # --- regularisation ------------------------------------------------------
    effort = EFFORT_WEIGHT * np.sum(np.square(action), axis=-1)
    # A body on its back would lie low as well: ask for the belly.
    belly = 1.0 - 2.0 * (np.square(torso_orientation[:, 1]) + np.square(torso_orientation[:, 2]))

    # --- together ------------------------------------------------------------
    total = STAGE_WEIGHTS[0] * down + STAGE_WEIGHTS[1] * still + STAGE_WEIGHTS[2] * home - effort + 0.1 * belly
    return total, {
        "down":   STAGE_WEIGHTS[0] * down,
        "still":  STAGE_WEIGHTS[1] * still,
        "home":   STAGE_WEIGHTS[2] * home,
        "effort": -effort,
        "belly":  0.1 * belly,
    }
