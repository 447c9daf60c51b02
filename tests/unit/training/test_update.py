from __future__ import annotations

from functools import cache

import jax
import numpy as np
import optax
import pytest

from service.schema import PPOConfig
from service.training import ppo
from service.training.checkpoint import begin
from service.training.moments import RunningMoments, normalise
from service.training.networks import forward

CONFIG = PPOConfig(hidden_sizes=(8,), epochs=3, minibatch_size=16, target_kl=1e3, learning_rate=1e-2)
STEPS, WIDTH = 8, 4
RATE = np.float32(CONFIG.learning_rate)


ONE_STEP = CONFIG.model_copy(update={"minibatch_size": 1000, "target_kl": -1.0})
"""The whole rollout is one minibatch, and the first of three epochs is past the divergence allowed: a single step."""


@cache
def member() -> ppo.MemberState:
    return begin(1, 2, 1, CONFIG).state


def rollout(seed: int = 0, **changes: object) -> ppo.Rollout:
    """8 steps of 4 environments with random observations, actions and rewards; the second ends in step 2, resets in 3."""
    random = np.random.default_rng(seed)

    def normal(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        return random.normal(size=shape).astype(np.float32)

    terminated, valid = np.zeros((STEPS, WIDTH), bool), np.ones((STEPS, WIDTH), bool)
    terminated[2, 1], valid[3, 1] = True, False
    drawn = ppo.Rollout(
        observations=normal(STEPS + 1, WIDTH, 2),
        actions=normal(STEPS, WIDTH, 1),
        rewards=normal(STEPS, WIDTH),
        terminated=terminated,
        truncated=np.zeros_like(terminated),
        valid=valid,
        running_return=np.zeros(WIDTH, np.float32),
    )
    return drawn._replace(**changes)


def assert_same(one: object, other: object) -> None:
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        np.testing.assert_array_equal(a, b)


def gradient_steps(state: ppo.MemberState) -> int:
    return int(optax.tree_utils.tree_get(state.optimizer, "count"))


def test_an_update_changes_every_layer_and_counts_itself() -> None:
    before = member()
    after, report = ppo.update(before, rollout(), RATE, CONFIG)
    for old, new in zip(jax.tree.leaves(before.networks), jax.tree.leaves(after.networks), strict=True):
        assert (old != new).any()
    assert int(after.updates) == 1
    # 32 transitions are 2 minibatches of 16, in each of 3 epochs
    assert gradient_steps(after) == 6
    assert (after.key != before.key).any()
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves((after, report)))


def test_an_update_is_a_function_of_what_goes_in() -> None:
    assert_same(ppo.update(member(), rollout(), RATE, CONFIG), ppo.update(member(), rollout(), RATE, CONFIG))


def test_a_learning_rate_of_0_leaves_the_networks_alone() -> None:
    before = member()
    after, _ = ppo.update(before, rollout(), np.float32(0), CONFIG)
    assert_same(after.networks, before.networks)
    assert float(after.observation.weight) > float(before.observation.weight)  # what was seen is remembered


def test_half_the_learning_rate_makes_half_the_step() -> None:
    whole, _ = ppo.update(member(), rollout(), RATE, ONE_STEP)
    half, _ = ppo.update(member(), rollout(), RATE / 2, ONE_STEP)
    for old, far, near in zip(*(jax.tree.leaves(state.networks) for state in (member(), whole, half)), strict=True):
        np.testing.assert_allclose(near - old, (far - old) / 2, rtol=1e-3, atol=1e-7)


def test_past_the_divergence_allowed_the_rest_of_an_update_leaves_the_networks_alone() -> None:
    after, _ = ppo.update(member(), rollout(), RATE, ONE_STEP)
    assert gradient_steps(after) == 1
    # Adam's first step is the learning rate times g / (|g| + epsilon): no parameter moves further than that in one step
    moved = [
        np.abs(new - old).max()
        for old, new in zip(*map(jax.tree.leaves, (member().networks, after.networks)), strict=True)
    ]
    assert 0.9 * RATE < max(moved) < 1.001 * RATE


def test_without_a_target_no_divergence_stops_an_update() -> None:
    far = CONFIG.model_copy(update={"learning_rate": 1.0, "target_kl": None})
    near = far.model_copy(update={"target_kl": 1e-6})
    assert gradient_steps(ppo.update(member(), rollout(), np.float32(1.0), far)[0]) == 6
    # past the target after the first of three epochs of two minibatches
    assert gradient_steps(ppo.update(member(), rollout(), np.float32(1.0), near)[0]) == 2


def test_every_epoch_learns_from_its_own_order_of_rows() -> None:
    config = CONFIG.model_copy(update={"target_kl": None})
    rows = ppo.minibatch_rows(member(), STEPS * WIDTH, config)
    whole, _ = ppo.update(member(), rollout(), RATE, config)
    as_drawn, _ = ppo._update(member(), rollout(), rows, RATE, config)
    first_again, _ = ppo._update(member(), rollout(), rows[[0, 0, 0]], RATE, config)
    assert_same(whole.networks, as_drawn.networks)
    assert (first_again.networks.policy[0][0] != whole.networks.policy[0][0]).any()


def test_what_an_update_tells_is_of_its_last_epoch() -> None:
    # Before the first step of an epoch of one minibatch nothing has moved: its divergence is 0, and that of the next is not.
    one = CONFIG.model_copy(update={"minibatch_size": 1000, "epochs": 1, "target_kl": None})
    _, first = ppo.update(member(), rollout(), RATE, one)
    _, second = ppo.update(member(), rollout(), RATE, one.model_copy(update={"epochs": 2}))
    assert abs(float(first.approximate_kl)) < 1e-6 < float(second.approximate_kl)


def test_what_stands_in_a_step_that_only_resets_is_not_learned_from() -> None:
    calm = rollout()
    actions, rewards = calm.actions.copy(), calm.rewards.copy()
    actions[3, 1], rewards[3, 1] = 5.0, 1000.0
    loud = rollout(actions=actions, rewards=rewards)
    after_calm, after_loud = (ppo.update(member(), one, RATE, CONFIG) for one in (calm, loud))
    assert_same(after_calm, after_loud)


def test_what_stands_in_any_other_step_is_learned_from() -> None:
    rewards = rollout().rewards.copy()
    rewards[4, 1] += 1.0
    after, other = (ppo.update(member(), one, RATE, CONFIG)[0] for one in (rollout(), rollout(rewards=rewards)))
    assert (after.networks.policy[0][0] != other.networks.policy[0][0]).any()


def test_falling_and_running_out_of_time_are_two_things() -> None:
    fell = rollout()
    late = rollout(terminated=fell.truncated, truncated=fell.terminated)
    after_fall, after_time = (ppo.update(member(), one, RATE, CONFIG)[0] for one in (fell, late))
    assert (after_fall.networks.value[0][0] != after_time.networks.value[0][0]).any()


def test_returns_under_way_are_carried_into_the_next_rollout() -> None:
    _, report = ppo.update(member(), rollout(rewards=np.ones((STEPS, WIDTH), np.float32)), RATE, CONFIG)
    # 1 + 0.99 + ... over 8 steps; the second environment ended in step 2 and was reset in step 3: over 4 steps
    eight, four = ((1 - 0.99**n) / (1 - 0.99) for n in (8, 4))
    np.testing.assert_allclose(report.running_return, [eight, four, eight, eight], rtol=1e-5)


def test_a_rollout_smaller_than_a_minibatch_is_learned_from_whole() -> None:
    after, report = ppo.update(member(), rollout(), RATE, ONE_STEP)
    assert gradient_steps(after) == 1
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves((after, report)))
    assert (after.networks.policy[0][0] != member().networks.policy[0][0]).any()


def test_updates_find_the_action_that_pays() -> None:
    """A bandit: one state, every step an episode of its own, reward -(action - 0.7)^2."""
    state = member()
    state = state._replace(networks=state.networks._replace(log_std=state.networks.log_std - 0.5))
    act = jax.jit(lambda a, seen: forward(a.layers, normalise(a.mean, a.variance, seen)))
    observations = np.ones((STEPS + 1, WIDTH, 2), np.float32)
    always, never = np.ones((STEPS, WIDTH), bool), np.zeros((STEPS, WIDTH), bool)
    means, paid = [], []
    for _ in range(80):
        mean = np.asarray(act(ppo.actor(state), observations[:-1]))
        actions = mean + np.asarray(ppo.exploration_noise(state, STEPS, WIDTH))
        rewards = -np.square(actions[..., 0] - np.float32(0.7))
        rolled = ppo.Rollout(observations, actions, rewards, always, never, always, np.zeros(WIDTH, np.float32))
        state, _ = ppo.update(state, rolled, RATE, CONFIG)
        means.append(float(mean[0, 0, 0]))
        paid.append(float(rewards.mean()))
    assert means[0] == pytest.approx(0.0, abs=0.05)
    assert means[-1] == pytest.approx(0.7, abs=0.15)
    assert np.mean(paid[-5:]) > np.mean(paid[:5]) / 3


def spread(variance: float) -> ppo.MemberState:
    """A member that has seen so many returns of a variance that one rollout does not change it."""
    moments = RunningMoments(np.zeros(1, np.float32), np.full(1, variance, np.float32), np.float32(1e9))
    return member()._replace(discounted_return=moments)


def test_rewards_are_scaled_by_the_standard_deviation_of_returns() -> None:
    # twice the rewards where returns spread twice as far are the same rewards
    single, _ = ppo.update(spread(1.0), rollout(), RATE, CONFIG)
    double, _ = ppo.update(spread(4.0), rollout(rewards=2.0 * rollout().rewards), RATE, CONFIG)
    unscaled, _ = ppo.update(spread(1.0), rollout(rewards=2.0 * rollout().rewards), RATE, CONFIG)
    for one, other in zip(jax.tree.leaves(single.networks), jax.tree.leaves(double.networks), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
    assert np.abs(unscaled.networks.value[0][0] - single.networks.value[0][0]).max() > 1e-3


def test_a_reward_in_another_unit_makes_the_same_update() -> None:
    metres, millimetres = (
        ppo.update(member(), rollout(rewards=np.float32(unit) * rollout().rewards), RATE, ONE_STEP)[0]
        for unit in (1, 1000)
    )
    for one, other in zip(jax.tree.leaves(metres.networks), jax.tree.leaves(millimetres.networks), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)


def test_a_reward_is_cut_off_at_ten_standard_deviations_of_returns() -> None:
    def updated(outlier: float) -> ppo.MemberState:
        rewards = rollout().rewards.copy()
        rewards[6, 2] = outlier
        return ppo.update(spread(4.0), rollout(rewards=rewards), RATE, CONFIG)[0]

    # 10 standard deviations of 2 are 20
    far, farther, near = updated(21.0), updated(50.0), updated(15.0)
    for one, other in zip(jax.tree.leaves(far.networks), jax.tree.leaves(farther.networks), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
    assert np.abs(near.networks.value[0][0] - far.networks.value[0][0]).max() > 1e-4


def test_observations_are_learned_from_in_standard_deviations_from_their_mean() -> None:
    seen = rollout().observations
    moments = RunningMoments(np.full(2, 3.0, np.float32), np.full(2, 4.0, np.float32), np.float32(100.0))
    shifted = member()._replace(observation=moments)
    plain = member()._replace(
        observation=RunningMoments(np.zeros(2, np.float32), np.ones(2, np.float32), np.float32(100.0))
    )
    after_plain, _ = ppo.update(plain, rollout(), RATE, CONFIG)
    after_shifted, _ = ppo.update(shifted, rollout(observations=3.0 + 2.0 * seen), RATE, CONFIG)
    for one, other in zip(jax.tree.leaves(after_plain.networks), jax.tree.leaves(after_shifted.networks), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)
