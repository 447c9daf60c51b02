"""Counts how far a body has turned about its own axis since its episode began, over full turns, which one quaternion hides."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def turns(quaternions: Floats, axis: int, restarted: NDArray[np.bool_], carried: Floats) -> Floats:
    """Turns at each frame, float32 `[T + 1, M]`, from quaternions `[T + 1, M, 4]` (w, x, y, z).

    `axis` 0, 1, 2 is the body's own x, y, z.
    `restarted` bool `[T + 1, M]`: frames that begin an episode, at which the count is 0. `carried` `[M]`: the count at the first
    frame where no episode begins there. Each step adds the twist about the axis of the rotation that it brought (swing-twist
    decomposition), within half a turn: a body that turns faster than that per step is counted wrongly.
    """
    before, after = quaternions[:-1].astype(np.float64), quaternions[1:].astype(np.float64)
    real = np.sum(before * after, axis=-1)
    # the axis' entry of conjugate(before) * after
    one, two = (axis + 1) % 3 + 1, (axis + 2) % 3 + 1
    own = axis + 1
    imaginary = (
        before[..., 0] * after[..., own]
        - before[..., own] * after[..., 0]
        - before[..., one] * after[..., two]
        + before[..., two] * after[..., one]
    )
    angle = 2.0 * np.arctan2(imaginary, real)
    step = (angle + np.pi) % (2.0 * np.pi) - np.pi
    steps = np.where(restarted[1:], 0.0, step)
    counted = np.concatenate([np.where(restarted[:1], 0.0, carried), steps / (2.0 * np.pi)]).cumsum(axis=0)
    frames = np.arange(len(restarted))[:, None]
    last = np.maximum.accumulate(np.where(restarted, frames, 0), axis=0)
    base = np.take_along_axis(counted, last, axis=0)
    return np.where(np.logical_or.accumulate(restarted, axis=0), counted - base, counted).astype(np.float32)
