"""The policy and value networks of one member: tanh layers, and a Gaussian around the policy's mean."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

LayerParameters = tuple[Array, Array]
LOG_2PI = 1.8378770664093453
ROWS = 64
"""At most eight times the four columns that Eigen computes at once, for each of two threads."""


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
        x = jnp.tanh(product(x, weights) + bias)
    weights, bias = layers[-1]
    return product(x, weights) + bias


@jax.custom_vjp
def product(x: Array, weights: Array) -> Array:
    """`x @ weights`, `[..., in]` by `[in, out]`, with a gradient whose bits do not depend on the number of cores.

    The gradient of weights is a sum over all rows, which Eigen cuts into as many parts as it has threads where it is long
    (`TensorContractionThreadPool.h`, `shardByInnerDim`). Summed `ROWS` at a time it is never cut.
    """
    return x @ weights


def _product_forward(x: Array, weights: Array) -> tuple[Array, tuple[Array, Array]]:
    return x @ weights, (x, weights)


def _product_backward(kept: tuple[Array, Array], gradient: Array) -> tuple[Array, Array]:
    x, weights = kept
    rows, columns = x.reshape(-1, x.shape[-1]), gradient.reshape(-1, gradient.shape[-1])
    missing = -len(rows) % ROWS
    parts = jnp.pad(rows, ((0, missing), (0, 0))).reshape(-1, ROWS, rows.shape[-1])
    others = jnp.pad(columns, ((0, missing), (0, 0))).reshape(-1, ROWS, columns.shape[-1])
    return gradient @ weights.T, jnp.sum(jnp.einsum("cri,cro->cio", parts, others), axis=0)


product.defvjp(_product_forward, _product_backward)


def log_probability(mean: Array, log_std: Array, actions: Array) -> Array:
    """Gaussian log density `[B]` of actions `[B, A]` under means `[B, A]` and `log_std` `[A]`."""
    z = (actions - mean) * jnp.exp(-log_std)
    return jnp.sum(-0.5 * jnp.square(z) - log_std - 0.5 * LOG_2PI, axis=-1)
