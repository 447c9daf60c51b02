"""The formulas of PPO, with numbers derived by hand; the update itself is in test_update.py."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import norm

from service.schema import PPOConfig
from service.training import ppo
from service.training.checkpoint import begin
from service.training.networks import Networks

CONFIG = PPOConfig(hidden_sizes=(6, 5))


def constant_networks(mean: float, value: float, log_std: float = 0.0) -> Networks:
    """Networks without hidden layers whose action and value do not depend on the observation."""
    return Networks(
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


def test_every_epoch_of_every_update_has_an_order_of_its_own_in_which_each_row_comes_at_most_once() -> None:
    state = begin(5, 4, 2, CONFIG).state
    config = CONFIG.model_copy(update={"epochs": 3, "minibatch_size": 4})
    rows = ppo.minibatch_rows(state, 10, config)
    assert rows.shape == (3, 2, 4)  # two rows of ten fill no minibatch
    for epoch in rows:
        assert len(set(epoch.ravel().tolist())) == 8
        assert set(epoch.ravel().tolist()) <= set(range(10))
    nothing = ppo.Rollout(
        *(np.zeros(shape, np.float32) for shape in ((9, 1, 4), (8, 1, 2), (8, 1))),
        *np.zeros((3, 8, 1), bool),
        np.zeros(1),
    )
    after, _ = ppo.update(state, nothing, np.float32(0), config)
    orders = [rows, ppo.minibatch_rows(after, 10, config)]
    assert len({tuple(epoch.ravel().tolist()) for order in orders for epoch in order}) == 6
    np.testing.assert_array_equal(ppo.minibatch_rows(state, 10, config), rows)


def test_exploration_and_the_order_of_rows_are_drawn_from_streams_of_their_own() -> None:
    state = begin(5, 4, 2, CONFIG).state
    order = ppo.minibatch_rows(state, 64, CONFIG.model_copy(update={"epochs": 1, "minibatch_size": 64})).ravel()
    first = np.random.default_rng([*np.asarray(state.key).tolist(), ppo.MINIBATCHES])
    np.testing.assert_array_equal(order, first.permutation(64))
    again = np.random.default_rng([*np.asarray(state.key).tolist(), ppo.MINIBATCHES])
    assert (ppo.exploration_noise(state, 3, 2) != again.standard_normal((3, 2, 2), np.float32)).all()
