"""Running means and variances, with numbers derived by hand, and as a property of any batches."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from service.training.moments import RunningMoments, normalise, update_moments


def column(*values: float | bool) -> jax.Array:
    return jnp.array(values)[:, None]


def nothing_seen(size: int) -> RunningMoments:
    return RunningMoments(jnp.zeros(size), jnp.zeros(size), jnp.zeros(()))


def test_moments_of_one_batch_by_hand() -> None:
    # 1, 3 and 5 count, 100 does not: mean 3, variance (4 + 0 + 4) / 3
    moments = update_moments(nothing_seen(1), column(1.0, 100.0, 3.0, 5.0), jnp.array([1.0, 0.0, 1.0, 1.0]))
    assert float(moments.mean[0]) == 3.0
    assert float(moments.variance[0]) == pytest.approx(8 / 3, rel=1e-6)
    assert float(moments.weight) == 3.0


BATCHES = arrays(np.float32, (5, 2), elements=st.floats(-50, 50, width=32))
WEIGHTS = arrays(np.float32, 5, elements=st.sampled_from([0.0, 1.0]))


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.lists(st.tuples(BATCHES, WEIGHTS), min_size=1, max_size=4))
def test_moments_batch_by_batch_are_those_of_all_rows_at_once(batches: list[tuple[np.ndarray, np.ndarray]]) -> None:
    batches = [(batches[0][0], np.ones(5, np.float32)), *batches[1:]]  # something is seen at first
    moments = nothing_seen(2)
    for batch, weight in batches:
        moments = update_moments(moments, jnp.array(batch), jnp.array(weight))
    rows = np.concatenate([batch[weight > 0] for batch, weight in batches]).astype(np.float64)
    np.testing.assert_allclose(moments.mean, rows.mean(axis=0), atol=1e-4)
    np.testing.assert_allclose(moments.variance, rows.var(axis=0), rtol=1e-4, atol=1e-3)
    assert float(moments.weight) == len(rows)


def test_a_batch_of_which_no_row_counts_changes_no_moment() -> None:
    before = RunningMoments(jnp.array([2.0]), jnp.array([3.0]), jnp.array(10.0))
    after = update_moments(before, column(7.0, 8.0), jnp.zeros(2))
    np.testing.assert_allclose(jnp.stack([*after[:2]]), jnp.stack([*before[:2]]), rtol=1e-6)


def test_observations_are_told_in_standard_deviations_and_clipped_to_10() -> None:
    # (7 - 3) / 2 = 2; (-97 - 3) / 2 = -50
    found = normalise(jnp.array([3.0, 3.0]), jnp.array([4.0, 4.0]), jnp.array([[7.0, -97.0]]))
    np.testing.assert_allclose(found, [[2.0, -10.0]], rtol=1e-6)
