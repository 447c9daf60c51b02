"""The policy and value networks of one member: tanh layers, and a Gaussian around the policy's mean."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

LayerParameters = tuple[Array, Array]
LOG_2PI = 1.8378770664093453


class Networks(NamedTuple):
    """Policy and value parameters: layers of (weights `[in, out]`, bias `[out]`) and `log_std` `[A]`, all float32."""

    policy: tuple[LayerParameters, ...]
    value: tuple[LayerParameters, ...]
    log_std: Array


def orthogonal_layers(key: Array, sizes: tuple[int, ...], last_gain: float) -> tuple[LayerParameters, ...]:
    """Fresh layers of `sizes`: orthogonal weights, gain sqrt 2 and in the last layer `last_gain`, and no bias."""
    keys = jax.random.split(key, len(sizes) - 1)
    gains = [2.0**0.5] * (len(sizes) - 2) + [last_gain]
    return tuple(
        (jax.nn.initializers.orthogonal(gain)(k, (size_in, size_out), jnp.float32), jnp.zeros(size_out, jnp.float32))
        for k, gain, size_in, size_out in zip(keys, gains, sizes[:-1], sizes[1:], strict=True)
    )


def forward(layers: tuple[LayerParameters, ...], x: Array) -> Array:
    """A tanh network without activation after its last layer: `[..., in]` to `[..., out]`, float32."""
    for weights, bias in layers[:-1]:
        x = jnp.tanh(x @ weights + bias)
    weights, bias = layers[-1]
    return x @ weights + bias


def log_probability(mean: Array, log_std: Array, actions: Array) -> Array:
    """Gaussian log density `[B]` of actions `[B, A]` under means `[B, A]` and `log_std` `[A]`."""
    z = (actions - mean) * jnp.exp(-log_std)
    return jnp.sum(-0.5 * jnp.square(z) - log_std - 0.5 * LOG_2PI, axis=-1)
