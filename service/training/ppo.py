"""Proximal policy optimisation for one member of a population, as pure functions.

Every function here sees exactly one member: `[T, N]` transitions of its own N environments. A population is
K calls of the same compiled program, so a member's numbers cannot depend on who is trained beside it.

Source: Schulman et al. 2017, "Proximal Policy Optimization Algorithms" (arXiv:1707.06347), equations 7 and 11. Actions
are drawn from a Gaussian whose mean is the network's output; they are clipped to the action bounds only where the
environment receives them, and the unclipped action is what is learned from.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array
from numpy.typing import NDArray

from service.schema import PPOConfig
from service.training.advantages import discounted_returns, generalised_advantages
from service.training.moments import RunningMoments, no_moments, normalise, update_moments
from service.training.networks import LOG_2PI, LayerParameters, Networks, forward, log_probability, orthogonal_layers

MINIBATCHES, EXPLORATION = 0, 1
"""What a member draws at random: streams of its key that have nothing in common."""


class MemberState(NamedTuple):
    """All that one member's training depends on; what a checkpoint holds.

    `observation`: moments `[D]`; `discounted_return`: moments `[1]`; `key`: uint32 `[2]`; `updates`: int32 `[]`.
    """

    networks: Networks
    optimizer: optax.OptState
    observation: RunningMoments
    discounted_return: RunningMoments
    key: Array
    updates: Array


class Rollout(NamedTuple):
    """Transitions of one member, time first; `valid` is false in the step in which an environment was being reset.

    `observations` float32 `[T + 1, N, D]`: row t + 1 is the true outcome of step t, terminal observations included.
    `actions` float32 `[T, N, A]` before clipping; `rewards` float32 `[T, N]`; `terminated`, `truncated`, `valid` bool `[T, N]`.
    `running_return` float32 `[N]`: discounted return of the episodes under way when the rollout began.
    """

    observations: Array
    actions: Array
    rewards: Array
    terminated: Array
    truncated: Array
    valid: Array
    running_return: Array


class UpdateReport(NamedTuple):
    """Diagnostics of one update, means over its last epoch, float32 `[]` each.

    `running_return` float32 `[N]` is carried into the next rollout.
    """

    policy_loss: Array
    value_loss: Array
    entropy: Array
    approximate_kl: Array
    running_return: Array


def optimizer(config: PPOConfig) -> optax.GradientTransformation:
    """Adam after clipping by the global norm, as published tunings for MuJoCo use it."""
    return optax.chain(optax.clip_by_global_norm(config.max_gradient_norm), optax.adam(config.learning_rate, eps=1e-5))


def learning_rate(config: PPOConfig, progress: float) -> float:
    """The step size after a share `progress`, in [0, 1), of all updates."""
    return config.learning_rate * (1.0 - progress if config.learning_rate_schedule == "linear" else 1.0)


def initial_state(seed: Array, observation_size: int, action_size: int, config: PPOConfig) -> MemberState:
    """A fresh member: orthogonal weights, gain sqrt 2 and 0.01 (policy), 1 (value) in the last layer; `seed` int32 `[]`."""
    key, policy_key, value_key = jax.random.split(jax.random.PRNGKey(seed), 3)
    networks = Networks(
        policy=orthogonal_layers(policy_key, (observation_size, *config.hidden_sizes, action_size), last_gain=0.01),
        value=orthogonal_layers(value_key, (observation_size, *config.hidden_sizes, 1), last_gain=1.0),
        log_std=jnp.full((action_size,), config.initial_log_std, jnp.float32),
    )
    return MemberState(
        networks=networks,
        optimizer=optimizer(config).init(networks),
        observation=no_moments(observation_size),
        discounted_return=no_moments(1),
        key=key,
        updates=jnp.zeros((), jnp.int32),
    )


class Actor(NamedTuple):
    """What acts: policy layers, and the observation moments `[D]` it was trained under, all float32."""

    layers: tuple[LayerParameters, ...]
    mean: Array
    variance: Array


def actor(state: MemberState) -> Actor:
    """The policy of a member as it stands."""
    return Actor(state.networks.policy, state.observation.mean, state.observation.variance)


class Batch(NamedTuple):
    """One minibatch: `observations` `[B, D]` normalised, `actions` `[B, A]`, the rest `[B]`; all float32.

    `old_log_probability`, `old_values`: what the networks said before the update; `targets`: what values should be.
    """

    observations: Array
    actions: Array
    old_log_probability: Array
    old_values: Array
    advantages: Array
    targets: Array
    weight: Array


def _mean(values: Array, weight: Array) -> Array:
    return jnp.sum(values * weight) / jnp.maximum(jnp.sum(weight), 1.0)


def loss(networks: Networks, batch: Batch, config: PPOConfig) -> tuple[Array, tuple[Array, Array, Array, Array]]:
    """The clipped surrogate plus value and entropy terms; also policy loss, value loss, entropy and approximate KL."""
    log_ratio = (
        log_probability(forward(networks.policy, batch.observations), networks.log_std, batch.actions)
        - batch.old_log_probability
    )
    ratio = jnp.exp(log_ratio)
    centred = batch.advantages - _mean(batch.advantages, batch.weight)
    advantages = centred / (jnp.sqrt(_mean(jnp.square(centred), batch.weight)) + 1e-8)
    clipped = jnp.clip(ratio, 1.0 - config.clip_range, 1.0 + config.clip_range)
    policy_loss = -_mean(jnp.minimum(ratio * advantages, clipped * advantages), batch.weight)
    values = forward(networks.value, batch.observations)[:, 0]
    value_errors = jnp.square(values - batch.targets)
    if config.value_clip_range is not None:
        moved = jnp.clip(values - batch.old_values, -config.value_clip_range, config.value_clip_range)
        value_errors = jnp.maximum(value_errors, jnp.square(batch.old_values + moved - batch.targets))
    value_loss = 0.5 * _mean(value_errors, batch.weight)
    entropy = jnp.sum(networks.log_std + 0.5 * (LOG_2PI + 1.0))
    approximate_kl = _mean(ratio - 1.0 - log_ratio, batch.weight)
    total = policy_loss + config.value_coefficient * value_loss - config.entropy_coefficient * entropy
    return total, (policy_loss, value_loss, entropy, approximate_kl)


def _prepare(state: MemberState, rollout: Rollout, config: PPOConfig) -> tuple[Batch, RunningMoments, Array]:
    """The whole rollout as one batch `[T * N]`, with the return moments that scaled its rewards."""
    steps, width = rollout.rewards.shape
    ended = rollout.terminated | rollout.truncated
    weight = rollout.valid.astype(jnp.float32)
    rewards = rollout.rewards * weight
    returns, carried = discounted_returns(rewards, ended, rollout.running_return, config.discount)
    moments = update_moments(state.discounted_return, returns.reshape(-1, 1), weight.reshape(-1))
    rewards = jnp.clip(rewards / jnp.sqrt(moments.variance[0] + 1e-8), -10.0, 10.0)
    observations = normalise(state.observation.mean, state.observation.variance, rollout.observations)
    values = forward(state.networks.value, observations)[..., 0]
    advantages = generalised_advantages(
        rewards, values, rollout.terminated, rollout.truncated, config.discount, config.gae_lambda
    )
    flat = observations[:-1].reshape(steps * width, -1)
    actions = rollout.actions.reshape(steps * width, -1)
    mean = forward(state.networks.policy, flat)
    batch = Batch(
        observations=flat,
        actions=actions,
        old_log_probability=log_probability(mean, state.networks.log_std, actions),
        old_values=values[:-1].reshape(-1),
        advantages=advantages.reshape(-1),
        targets=(advantages + values[:-1]).reshape(-1),
        weight=weight.reshape(-1),
    )
    return batch, moments, carried


def update(
    state: MemberState, rollout: Rollout, learning_rate: np.float32, config: PPOConfig
) -> tuple[MemberState, UpdateReport]:
    """One PPO update of one member from one rollout; `learning_rate` float32 `[]` follows the caller's schedule.

    An epoch whose mean approximate KL passes `1.5 * target_kl` is the last.
    A rollout that is smaller than a minibatch is one minibatch; rows that fill none are left out, others in each epoch.
    """
    rows = minibatch_rows(state, rollout.rewards.size, config)
    done: tuple[MemberState, UpdateReport] = _update(state, rollout, rows, learning_rate, config)
    return done


def _random(state: MemberState, purpose: int) -> np.random.Generator:
    """A stream of the member's key, which every update changes, for one purpose; NumPy draws several times as fast as JAX."""
    return np.random.default_rng([*np.asarray(state.key).tolist(), purpose])


def minibatch_rows(state: MemberState, size: int, config: PPOConfig) -> NDArray[np.int32]:
    """The rows `[E, M, B]` of every minibatch in every epoch of the next update."""
    random, length = _random(state, MINIBATCHES), min(config.minibatch_size, size)
    orders = [random.permutation(size)[: size // length * length] for _ in range(config.epochs)]
    return np.asarray(orders, np.int32).reshape(config.epochs, -1, length)


class _Progress(NamedTuple):
    """An update under way after some `epochs`, int32 `[]`; `report` of the last one, float32 `[4]`."""

    epochs: Array
    networks: Networks
    optimizer: optax.OptState
    report: Array


@partial(jax.jit, static_argnames="config")
def _update(
    state: MemberState, rollout: Rollout, rows: Array, learning_rate: Array, config: PPOConfig
) -> tuple[MemberState, UpdateReport]:
    """The compiled part of an update; `rows` int32 `[E, M, B]`."""
    batch, return_moments, carried = _prepare(state, rollout, config)
    transform = optimizer(config)

    def minibatch_step(
        carry: tuple[Networks, optax.OptState], rows: Array
    ) -> tuple[tuple[Networks, optax.OptState], Array]:
        networks, opt_state = carry
        part = jax.tree.map(lambda leaf: leaf[rows], batch)
        (_, report), gradient = jax.value_and_grad(loss, has_aux=True)(networks, part, config)
        steps, opt_state = transform.update(gradient, opt_state)
        scale = learning_rate / config.learning_rate
        networks = optax.apply_updates(networks, jax.tree.map(lambda step: step * scale, steps))
        return (networks, opt_state), jnp.stack(report)

    def goes_on(progress: _Progress) -> Array:
        far = progress.report[3] > 1.5 * config.target_kl if config.target_kl is not None else jnp.array(False)
        return (progress.epochs < len(rows)) & ~far

    def epoch(progress: _Progress) -> _Progress:
        begun = (progress.networks, progress.optimizer)
        (networks, opt_state), reports = jax.lax.scan(minibatch_step, begun, rows[progress.epochs])
        return _Progress(progress.epochs + 1, networks, opt_state, jnp.mean(reports, axis=0))

    begun = _Progress(jnp.zeros((), jnp.int32), state.networks, state.optimizer, jnp.full(4, -jnp.inf, jnp.float32))
    _, networks, opt_state, report = jax.lax.while_loop(goes_on, epoch, begun)
    seen = rollout.observations[:-1].reshape(batch.weight.shape[0], -1)
    observation = update_moments(state.observation, seen, jnp.ones(len(seen), jnp.float32))
    key = jax.random.split(state.key, 1)[0]
    new_state = MemberState(networks, opt_state, observation, return_moments, key, state.updates + 1)
    return new_state, UpdateReport(report[0], report[1], report[2], report[3], carried)


def exploration_noise(state: MemberState, steps: int, width: int) -> NDArray[np.float32]:
    """Noise float32 `[T, N, A]` that, added to the policy's mean, makes a rollout's actions; of the member's key and `log_std`."""
    deviation = np.exp(np.asarray(state.networks.log_std))
    noise: NDArray[np.float32] = _random(state, EXPLORATION).standard_normal((steps, width, len(deviation)), np.float32)
    noise *= deviation
    return noise
