"""What a rollout's rewards are worth: generalised advantages, and the discounted returns that rewards are scaled by.

Source: Schulman et al. 2016, "High-Dimensional Continuous Control Using Generalized Advantage Estimation" (arXiv:1506.02438),
equation 16; at a truncation the value of the true last observation is bootstrapped from.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array


def generalised_advantages(
    rewards: Array, values: Array, terminated: Array, truncated: Array, discount: float, gae_lambda: float
) -> Array:
    """Advantages `[T, N]` from rewards `[T, N]`, values `[T + 1, N]` and the two ways an episode ends (bool `[T, N]`).

    A terminated step has no future; a truncated one bootstraps from the value of its true last observation, and
    neither lets advantage flow in from the episode that follows.
    """
    alive = 1.0 - terminated.astype(jnp.float32)
    continues = 1.0 - (terminated | truncated).astype(jnp.float32)
    errors = rewards + discount * values[1:] * alive - values[:-1]

    def backwards(carry: Array, step: tuple[Array, Array]) -> tuple[Array, Array]:
        error, unbroken = step
        advantage = error + discount * gae_lambda * unbroken * carry
        return advantage, advantage

    _, advantages = jax.lax.scan(backwards, jnp.zeros_like(rewards[0]), (errors, continues), reverse=True)
    return advantages


def discounted_returns(rewards: Array, ended: Array, initial: Array, discount: float) -> tuple[Array, Array]:
    """Forward discounted sums `[T, N]` (restarted after each end) and the sum carried on `[N]`: what rewards are scaled by."""

    def forwards(carry: Array, step: tuple[Array, Array]) -> tuple[Array, Array]:
        reward, end = step
        total = carry * discount + reward
        return jnp.where(end, 0.0, total), total

    carried, totals = jax.lax.scan(forwards, initial, (rewards, ended))
    return totals, carried
