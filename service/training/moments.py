"""Running mean and variance, which observations and returns of one member are normalised by."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

OBSERVATION_CLIP = 10.0
"""Standard deviations beyond which an observation is cut off."""


class RunningMoments(NamedTuple):
    """Running mean and variance (Chan et al. 1979, parallel form): float32 `[D]`; `weight`: rows so far, float32 `[]`."""

    mean: Array
    variance: Array
    weight: Array


def no_moments(size: int) -> RunningMoments:
    """The moments of `size` columns before anything was seen: mean 0 and variance 1, which next to nothing outweighs."""
    return RunningMoments(jnp.zeros(size, jnp.float32), jnp.ones(size, jnp.float32), jnp.full((), 1e-4, jnp.float32))


def update_moments(moments: RunningMoments, batch: Array, weight: Array) -> RunningMoments:
    """Moments after a batch `[B, D]` of which row i counts `weight[i]` (0 or 1)."""
    rows = jnp.sum(weight)
    divisor = jnp.maximum(rows, 1.0)
    mean = jnp.sum(batch * weight[:, None], axis=0) / divisor
    variance = jnp.sum(jnp.square(batch - mean) * weight[:, None], axis=0) / divisor
    total = moments.weight + rows
    delta = mean - moments.mean
    squares = moments.variance * moments.weight + variance * rows + jnp.square(delta) * moments.weight * rows / total
    return RunningMoments(moments.mean + delta * rows / total, squares / total, total)


def normalise(mean: Array, variance: Array, observations: Array) -> Array:
    """Observations `[..., D]` in standard deviations from their running mean, clipped."""
    return jnp.clip((observations - mean) / jnp.sqrt(variance + 1e-8), -OBSERVATION_CLIP, OBSERVATION_CLIP)
