"""The networks' products and densities."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import norm

from service.training.networks import log_probability, product


@pytest.mark.parametrize("rows", [(), (1,), (64,), (70,), (3, 50)])
def test_a_product_and_its_gradients_are_those_of_a_plain_one(rows: tuple[int, ...]) -> None:
    random = np.random.default_rng(0)
    x, weights = (jnp.asarray(random.normal(size=shape), jnp.float32) for shape in ((*rows, 5), (5, 4)))
    scale = jnp.asarray(random.normal(size=(*rows, 4)), jnp.float32)
    ours = jax.grad(lambda x, w: jnp.sum(product(x, w) * scale), argnums=(0, 1))(x, weights)
    plain = jax.grad(lambda x, w: jnp.sum((x @ w) * scale), argnums=(0, 1))(x, weights)
    np.testing.assert_array_equal(product(x, weights), x @ weights)
    for one, other in zip(ours, plain, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_log_probability_is_that_of_independent_gaussians() -> None:
    random = np.random.default_rng(3)
    mean, actions, log_std = random.normal(size=(7, 3)), random.normal(size=(7, 3)), np.array([-1.0, 0.0, 0.7])
    found = log_probability(jnp.array(mean), jnp.array(log_std), jnp.array(actions))
    np.testing.assert_allclose(found, norm.logpdf(actions, mean, np.exp(log_std)).sum(axis=1), rtol=1e-5)
