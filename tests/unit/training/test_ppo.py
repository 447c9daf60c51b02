"""The formulas of PPO, with numbers derived by hand; the update itself is in test_update.py."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import norm

from service.schema import PPOConfig
from service.training import ppo
from service.training.checkpoint import begin

CONFIG = PPOConfig(hidden_sizes=(6, 5))


def column(*values: float | bool) -> jax.Array:
    return jnp.array(values)[:, None]


def advantages(terminated: list[bool], truncated: list[bool]) -> list[float]:
    """Three steps of one environment: rewards 1, 2, 3, values 1, 1, 1 and 4 at the end, discount and lambda 1/2."""
    found = ppo.generalised_advantages(
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
    found = ppo.generalised_advantages(column(1.0), column(2.0, 6.0), column(False), column(False), 0.5, 0.95)
    assert float(found[0, 0]) == 2.0


def test_with_lambda_1_advantage_is_the_discounted_return_less_the_value() -> None:
    random = np.random.default_rng(0)
    rewards, values = random.normal(size=(6, 3)), random.normal(size=(7, 3))
    never = jnp.zeros((6, 3), bool)
    found = ppo.generalised_advantages(jnp.array(rewards), jnp.array(values), never, never, 0.9, 1.0)
    returns = values[6]
    for t in reversed(range(6)):
        returns = rewards[t] + 0.9 * returns
        np.testing.assert_allclose(found[t], returns - values[t], atol=1e-5)


def test_the_step_that_only_resets_leaks_into_no_advantage() -> None:
    # an episode ends in step 1, step 2 only resets, step 3 begins the next
    ended = jnp.array([False, True, False, False])[:, None]
    never = jnp.zeros((4, 1), bool)
    values = column(1.0, 1.0, 1.0, 1.0, 1.0)
    calm = ppo.generalised_advantages(column(1.0, 1.0, 0.0, 1.0), values, ended, never, 0.9, 0.9)
    loud = ppo.generalised_advantages(column(1.0, 1.0, 1e6, 1.0), values, ended, never, 0.9, 0.9)
    others = np.array([0, 1, 3])
    np.testing.assert_array_equal(calm[others], loud[others])
    assert calm[2] != loud[2]


def test_discounted_returns_begin_anew_after_an_end_and_carry_on_over_rollouts() -> None:
    # carried in 8: 8/2 + 1 = 5, 5/2 + 2 = 4.5 and the end, so 4 alone is left
    returns, carried = ppo.discounted_returns(
        column(1.0, 2.0, 4.0), column(False, True, False), jnp.array([8.0]), discount=0.5
    )
    assert returns[:, 0].tolist() == [5.0, 4.5, 4.0]
    assert carried.tolist() == [4.0]


def nothing_seen(size: int) -> ppo.RunningMoments:
    return ppo.RunningMoments(jnp.zeros(size), jnp.zeros(size), jnp.zeros(()))


def test_moments_of_one_batch_by_hand() -> None:
    # 1, 3 and 5 count, 100 does not: mean 3, variance (4 + 0 + 4) / 3
    moments = ppo.update_moments(nothing_seen(1), column(1.0, 100.0, 3.0, 5.0), jnp.array([1.0, 0.0, 1.0, 1.0]))
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
        moments = ppo.update_moments(moments, jnp.array(batch), jnp.array(weight))
    rows = np.concatenate([batch[weight > 0] for batch, weight in batches]).astype(np.float64)
    np.testing.assert_allclose(moments.mean, rows.mean(axis=0), atol=1e-4)
    np.testing.assert_allclose(moments.variance, rows.var(axis=0), rtol=1e-4, atol=1e-3)
    assert float(moments.weight) == len(rows)


def test_a_batch_of_which_no_row_counts_changes_no_moment() -> None:
    before = ppo.RunningMoments(jnp.array([2.0]), jnp.array([3.0]), jnp.array(10.0))
    after = ppo.update_moments(before, column(7.0, 8.0), jnp.zeros(2))
    np.testing.assert_allclose(jnp.stack([*after[:2]]), jnp.stack([*before[:2]]), rtol=1e-6)


def test_observations_are_told_in_standard_deviations_and_clipped_to_10() -> None:
    # (7 - 3) / 2 = 2; (-97 - 3) / 2 = -50
    found = ppo.normalise(jnp.array([3.0, 3.0]), jnp.array([4.0, 4.0]), jnp.array([[7.0, -97.0]]))
    np.testing.assert_allclose(found, [[2.0, -10.0]], rtol=1e-6)


def test_log_probability_is_that_of_independent_gaussians() -> None:
    random = np.random.default_rng(3)
    mean, actions, log_std = random.normal(size=(7, 3)), random.normal(size=(7, 3)), np.array([-1.0, 0.0, 0.7])
    found = ppo.log_probability(jnp.array(mean), jnp.array(log_std), jnp.array(actions))
    np.testing.assert_allclose(found, norm.logpdf(actions, mean, np.exp(log_std)).sum(axis=1), rtol=1e-5)


def constant_networks(mean: float, value: float, log_std: float = 0.0) -> ppo.Networks:
    """Networks without hidden layers whose action and value do not depend on the observation."""
    return ppo.Networks(
        policy=((jnp.zeros((1, 1)), jnp.array([mean])),),
        value=((jnp.zeros((1, 1)), jnp.array([value])),),
        log_std=jnp.array([log_std]),
    )


def batch_of(
    actions: list[float],
    log_ratios: list[float],
    gains: list[float],
    targets: list[float],
    weight: list[float],
    old_value: float = 0.0,
) -> ppo.Batch:
    """Rows for a policy of mean 0 and standard deviation 1, whose log probability exceeds the old one by `log_ratios`."""
    taken = np.array(actions)
    return ppo.Batch(
        observations=jnp.zeros((len(actions), 1)),
        actions=jnp.array(taken)[:, None],
        old_log_probability=jnp.array(norm.logpdf(taken) - log_ratios),
        old_values=jnp.full(len(actions), old_value),
        advantages=jnp.array(gains),
        targets=jnp.array(targets),
        weight=jnp.array(weight),
    )


def test_the_loss_of_the_policy_that_acted() -> None:
    batch = batch_of([0.5, -1.0, 2.0, 0.0], [0.0] * 4, [3.0, -1.0, 0.5, 9.0], [1.0, 2.0, 3.0, 4.0], [1.0] * 4)
    total, (policy, value, entropy, kl) = ppo.loss(constant_networks(0.0, 2.0), batch, CONFIG)
    assert float(policy) == pytest.approx(0.0, abs=1e-6)  # ratio 1, and normalised advantages add up to 0
    assert float(kl) == pytest.approx(0.0, abs=1e-6)
    # errors of the value 2: 1, 0, 1, 2; half the mean square is (1 + 0 + 1 + 4) / 4 / 2
    assert float(value) == pytest.approx(0.75, rel=1e-6)
    # of a Gaussian of standard deviation 1: (log(2 pi) + 1) / 2
    assert float(entropy) == pytest.approx(0.5 * (np.log(2 * np.pi) + 1), rel=1e-6)
    assert float(total) == pytest.approx(0.5 * 0.75, rel=1e-5)


def test_the_total_weighs_value_and_entropy_as_configured() -> None:
    config = CONFIG.model_copy(update={"value_coefficient": 2.0, "entropy_coefficient": 0.1})
    batch = batch_of([0.5, -1.0], [0.0] * 2, [1.0, -1.0], [1.0, 3.0], [1.0] * 2)
    total, (policy, value, entropy, _) = ppo.loss(constant_networks(0.0, 0.0), batch, config)
    assert float(total) == pytest.approx(float(policy) + 2.0 * float(value) - 0.1 * float(entropy), rel=1e-6)


def test_a_gain_is_clipped_and_a_loss_is_not() -> None:
    # ratio 2 in both rows, advantages normalised to 1 and -1: min(2, 1.2) = 1.2 and min(-2, -1.2) = -2
    batch = batch_of([0.5, -0.5], [np.log(2)] * 2, [5.0, 3.0], [0.0, 0.0], [1.0, 1.0])
    _, (policy, _, _, kl) = ppo.loss(constant_networks(0.0, 0.0), batch, CONFIG)
    assert float(policy) == pytest.approx(-(1.2 - 2.0) / 2, rel=1e-5)
    # the estimate of the divergence: ratio - 1 - log ratio
    assert float(kl) == pytest.approx(2.0 - 1.0 - np.log(2), rel=1e-5)


def test_a_clipped_gain_pulls_at_no_parameter() -> None:
    # ratios 2 with advantage 1, and 1/2 with advantage -1: both beyond the clip on the side that would pay
    batch = batch_of([0.5, -0.5], [np.log(2), -np.log(2)], [1.0, -1.0], [0.0, 0.0], [1.0, 1.0])
    gradient = jax.grad(lambda networks: ppo.loss(networks, batch, CONFIG)[0])(constant_networks(0.0, 0.0))
    assert float(gradient.policy[0][1][0]) == 0.0
    assert float(gradient.log_std[0]) == 0.0


@pytest.mark.parametrize(
    ("target", "loss", "slope"),
    [
        # the value went from 1 to 2, and is held at 1.5; half the square of the larger error counts
        (3.0, 1.5**2 / 2, 0.0),  # 1.5 - 3 is the larger: further that way pays nothing
        (1.0, 1.0**2 / 2, 1.0),  # 2 - 1 is the larger: the way back pays
    ],
)
def test_a_value_that_moved_too_far_towards_its_target_is_pulled_no_further(
    target: float, loss: float, slope: float
) -> None:
    config = CONFIG.model_copy(update={"value_clip_range": 0.5, "value_coefficient": 1.0})
    batch = batch_of([0.5], [0.0], [0.0], [target], [1.0], old_value=1.0)
    networks = constant_networks(0.0, 2.0)
    _, (_, value, _, _) = ppo.loss(networks, batch, config)
    assert float(value) == pytest.approx(loss, rel=1e-6)
    gradient = jax.grad(lambda networks: ppo.loss(networks, batch, config)[0])(networks)
    assert float(gradient.value[0][1][0]) == pytest.approx(slope, abs=1e-6)


def test_the_learning_rate_falls_to_zero_or_stays() -> None:
    linear = CONFIG.model_copy(update={"learning_rate": 0.01})
    constant = linear.model_copy(update={"learning_rate_schedule": "constant"})
    assert [ppo.learning_rate(linear, progress) for progress in (0.0, 0.25, 0.75)] == [0.01, 0.0075, 0.0025]
    assert [ppo.learning_rate(constant, progress) for progress in (0.0, 0.25, 0.75)] == [0.01, 0.01, 0.01]


def test_rows_that_are_masked_count_nothing() -> None:
    kept = batch_of([0.5, -1.0], [0.1, -0.2], [1.0, 3.0], [1.0, 2.0], [1.0, 1.0])
    masked = batch_of([0.5, 7.0, -1.0], [0.1, 3.0, -0.2], [1.0, 50.0, 3.0], [1.0, -90.0, 2.0], [1.0, 0.0, 1.0])
    networks = constant_networks(0.0, 0.5)
    both = jax.value_and_grad(ppo.loss, has_aux=True)
    for one, other in zip(
        jax.tree.leaves(both(networks, kept, CONFIG)), jax.tree.leaves(both(networks, masked, CONFIG)), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)


def test_a_fresh_member_has_orthogonal_weights_of_the_published_gains() -> None:
    networks = begin(5, 4, 2, CONFIG).state.networks
    # gain squared on the diagonal: 2 in hidden layers, 0.01^2 where actions and 1 where values come out
    for layers, last in ((networks.policy, 1e-4), (networks.value, 1.0)):
        for (weights, bias), square in zip(layers, (2.0, 2.0, last), strict=True):
            wide = np.asarray(weights, np.float64)
            gram = wide @ wide.T if wide.shape[0] <= wide.shape[1] else wide.T @ wide
            np.testing.assert_allclose(gram, square * np.eye(len(gram)), atol=1e-5 * square)
            assert not bias.any()
    assert [weights.shape for weights, _ in networks.policy] == [(4, 6), (6, 5), (5, 2)]
    assert [weights.shape for weights, _ in networks.value] == [(4, 6), (6, 5), (5, 1)]
    assert networks.log_std.tolist() == [0.0, 0.0]


def test_a_fresh_member_follows_from_its_seed() -> None:
    first, again, other = (begin(seed, 4, 2, CONFIG).state for seed in (5, 5, 6))
    for one, two in zip(jax.tree.leaves(first), jax.tree.leaves(again), strict=True):
        np.testing.assert_array_equal(one, two)
    assert (first.networks.policy[0][0] != other.networks.policy[0][0]).any()
    assert (first.networks.policy[0][0] != first.networks.value[0][0]).any()


def test_exploration_is_as_wide_as_the_policy_says() -> None:
    narrow = begin(5, 4, 2, CONFIG).state
    wide = narrow._replace(networks=narrow.networks._replace(log_std=jnp.log(jnp.array([1.0, 2.0]))))
    noise = np.asarray(ppo.exploration_noise(narrow, 500, 4))
    np.testing.assert_allclose(ppo.exploration_noise(wide, 500, 4), noise * [1.0, 2.0], rtol=1e-6)
    # 4000 draws: their standard deviation is 1 within 1 / sqrt(2 * 4000) = 0.011, here five times that
    assert noise.std() == pytest.approx(1.0, abs=0.056)
    assert noise.mean() == pytest.approx(0.0, abs=0.08)
