"""What a rollout's rewards are worth, with numbers derived by hand."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from service.training.advantages import discounted_returns, generalised_advantages


def column(*values: float | bool) -> jax.Array:
    return jnp.array(values)[:, None]


def advantages(terminated: list[bool], truncated: list[bool]) -> list[float]:
    """Three steps of one environment: rewards 1, 2, 3, values 1, 1, 1 and 4 at the end, discount and lambda 1/2."""
    found = generalised_advantages(
        column(1.0, 2.0, 3.0), column(1.0, 1.0, 1.0, 4.0), column(*terminated), column(*truncated), 0.5, 0.5
    )
    return [float(value) for value in found[:, 0]]


NEVER = [False, False, False]
SECOND = [False, True, False]


def test_advantages_of_an_episode_under_way() -> None:
    # errors r + v'/2 - v: 1 + 1/2 - 1 = 0.5, 2 + 1/2 - 1 = 1.5, 3 + 4/2 - 1 = 4; a quarter of the next flows back:
    # 4, 1.5 + 4/4 = 2.5, 0.5 + 2.5/4 = 1.125
    assert advantages(NEVER, NEVER) == [1.125, 2.5, 4.0]


def test_a_terminated_step_has_no_future_and_takes_nothing_from_the_next_episode() -> None:
    # the second error is 2 - 1 = 1, and 4 does not flow in: 1; the first 0.5 + 1/4
    assert advantages(SECOND, NEVER) == [0.75, 1.0, 4.0]


def test_a_truncated_step_bootstraps_and_takes_nothing_from_the_next_episode() -> None:
    # the second error is 2 + 1/2 - 1 = 1.5, and 4 does not flow in: 1.5; the first 0.5 + 1.5/4
    assert advantages(NEVER, SECOND) == [0.875, 1.5, 4.0]


def test_the_end_of_a_rollout_bootstraps_from_its_last_value() -> None:
    # one step: 1 + 0.5 * 6 - 2 = 2
    found = generalised_advantages(column(1.0), column(2.0, 6.0), column(False), column(False), 0.5, 0.95)
    assert float(found[0, 0]) == 2.0


def test_with_lambda_1_advantage_is_the_discounted_return_less_the_value() -> None:
    random = np.random.default_rng(0)
    rewards, values = random.normal(size=(6, 3)), random.normal(size=(7, 3))
    never = jnp.zeros((6, 3), bool)
    found = generalised_advantages(jnp.array(rewards), jnp.array(values), never, never, 0.9, 1.0)
    returns = values[6]
    for t in reversed(range(6)):
        returns = rewards[t] + 0.9 * returns
        np.testing.assert_allclose(found[t], returns - values[t], atol=1e-5)


def test_the_step_that_only_resets_leaks_into_no_advantage() -> None:
    # an episode ends in step 1, step 2 only resets, step 3 begins the next
    ended = jnp.array([False, True, False, False])[:, None]
    never = jnp.zeros((4, 1), bool)
    values = column(1.0, 1.0, 1.0, 1.0, 1.0)
    calm = generalised_advantages(column(1.0, 1.0, 0.0, 1.0), values, ended, never, 0.9, 0.9)
    loud = generalised_advantages(column(1.0, 1.0, 1e6, 1.0), values, ended, never, 0.9, 0.9)
    others = np.array([0, 1, 3])
    np.testing.assert_array_equal(calm[others], loud[others])
    assert calm[2] != loud[2]


def test_discounted_returns_begin_anew_after_an_end_and_carry_on_over_rollouts() -> None:
    # carried in 8: 8/2 + 1 = 5, 5/2 + 2 = 4.5 and the end, so 4 alone is left
    returns, carried = discounted_returns(
        column(1.0, 2.0, 4.0), column(False, True, False), jnp.array([8.0]), discount=0.5
    )
    assert returns[:, 0].tolist() == [5.0, 4.5, 4.0]
    assert carried.tolist() == [4.0]
