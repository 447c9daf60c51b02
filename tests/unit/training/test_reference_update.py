"""One update of ours against one of Stable-Baselines3's PPO, from the same policy and the same 512 steps of Hopper-v5.

`reference_update.npz` is what `benchmarks/peers/update.py` wrote: observations and rewards as that policy saw them, normalised.
"""

from __future__ import annotations

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.typing import NDArray

from service.schema import PPOConfig
from service.training import ppo
from service.training.advantages import generalised_advantages
from service.training.moments import RunningMoments
from service.training.networks import Networks, forward, log_probability
from service.training.ppo import MemberState, Rollout

Arrays = dict[str, NDArray[np.float32]]
REFERENCE = Path(__file__).parent / "reference_update.npz"
# Its defaults, with the whole rollout as one minibatch: 10 epochs are 10 steps of Adam, in which the order of rows says nothing.
CONFIG = PPOConfig(
    hidden_sizes=(64, 64),
    learning_rate=3e-4,
    learning_rate_schedule="constant",
    discount=0.99,
    gae_lambda=0.95,
    clip_range=0.2,
    epochs=10,
    minibatch_size=10_000,
    value_coefficient=1.0,  # of half the mean square, where it has 0.5 of the whole
    entropy_coefficient=0.0,
    max_gradient_norm=0.5,
    target_kl=None,
)


@pytest.fixture(scope="module")
def reference() -> Arrays:
    with np.load(REFERENCE) as found:
        return dict(found)


def networks(reference: Arrays, when: str) -> Networks:
    def layers(name: str) -> tuple[tuple[jax.Array, jax.Array], ...]:
        kinds = ("weights", "bias")
        return tuple(
            (
                jnp.asarray(reference[f"{when}_{name}_{i}_{kinds[0]}"]),
                jnp.asarray(reference[f"{when}_{name}_{i}_{kinds[1]}"]),
            )
            for i in range(3)
        )

    return Networks(layers("policy"), layers("value"), jnp.asarray(reference[f"{when}_log_std"]))


def as_ours(reference: Arrays) -> tuple[Rollout, NDArray[np.bool_]]:
    """The rollout as EnvPool would have shown it: the outcome of an episode's last step in a row of its own, before the reset."""
    rows: list[tuple[NDArray[np.float32], NDArray[np.float32], float, bool, bool, bool]] = []
    still = np.zeros_like(reference["actions"][0])
    steps = len(reference["rewards"])
    for t in range(steps):
        ends = bool(reference["terminated"][t]), bool(reference["truncated"][t])
        rows.append(
            (reference["observations"][t], reference["actions"][t], float(reference["rewards"][t]), *ends, True)
        )
        if any(ends) and t + 1 < steps:
            rows.append((reference["outcomes"][t], still, 0.0, False, False, False))
    observations, actions, rewards, terminated, truncated, valid = (
        np.array(column) for column in zip(*rows, strict=True)
    )
    rollout = Rollout(
        observations=jnp.asarray(np.concatenate([observations, reference["outcomes"][-1:]])[:, None]),
        actions=jnp.asarray(actions[:, None]),
        rewards=jnp.asarray(rewards[:, None], jnp.float32),
        terminated=jnp.asarray(terminated[:, None]),
        truncated=jnp.asarray(truncated[:, None]),
        valid=jnp.asarray(valid[:, None]),
        running_return=jnp.zeros(1),
    )
    return rollout, valid


def already_normal(size: int) -> RunningMoments:
    """Moments of so many rows that a rollout does not move them: mean 0, variance 1, as what is shown is normalised."""
    return RunningMoments(jnp.zeros(size), jnp.ones(size), jnp.float32(1e30))


def apart(reference: Arrays, rollout: Rollout) -> float:
    """How far apart both updates end, as a share of the way that the reference went."""
    before, after = networks(reference, "before"), networks(reference, "after")
    size = rollout.observations.shape[-1]
    state = MemberState(
        before,
        ppo.optimizer(CONFIG).init(before),
        already_normal(size),
        already_normal(1),
        jax.random.PRNGKey(0),
        jnp.int32(0),
    )
    found, _ = ppo.update(state, rollout, jnp.float32(CONFIG.learning_rate), CONFIG)
    distance, way = (
        float(
            sum(jnp.sum(jnp.square(a - b)) for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(after), strict=True))
            ** 0.5
        )
        for one in (found.networks, before)
    )
    return distance / way


def test_values_and_log_probabilities_are_the_references(reference: Arrays) -> None:
    policy = networks(reference, "before")
    observations = jnp.asarray(reference["observations"])
    values = forward(policy.value, observations)[:, 0]
    chosen = log_probability(forward(policy.policy, observations), policy.log_std, jnp.asarray(reference["actions"]))

    np.testing.assert_allclose(values, reference["values"], atol=1e-5)
    np.testing.assert_allclose(chosen, reference["log_probabilities"], atol=1e-5)


def test_advantages_are_the_references_through_falls_and_truncations(reference: Arrays) -> None:
    rollout, valid = as_ours(reference)
    assert int(rollout.terminated.sum()) >= 3
    assert int(rollout.truncated.sum()) >= 3
    values = forward(networks(reference, "before").value, rollout.observations)[..., 0]

    found = generalised_advantages(rollout.rewards, values, rollout.terminated, rollout.truncated, 0.99, 0.95)

    np.testing.assert_allclose(np.asarray(found)[valid, 0], reference["advantages"], atol=1e-5)


def test_an_update_ends_where_the_references_ends(reference: Arrays) -> None:
    # What stays: its advantages are divided by the deviation of n - 1 rows, ours by that of n.
    assert apart(reference, as_ours(reference)[0]) < 0.001


def test_it_would_not_if_a_truncation_were_taken_for_a_fall(reference: Arrays) -> None:
    rollout, _ = as_ours(reference)
    mistaken = rollout._replace(
        terminated=rollout.terminated | rollout.truncated, truncated=jnp.zeros_like(rollout.truncated)
    )

    assert apart(reference, mistaken) > 0.1


def test_it_would_not_if_the_step_that_resets_were_learned_from(reference: Arrays) -> None:
    rollout, _ = as_ours(reference)

    assert apart(reference, rollout._replace(valid=jnp.ones_like(rollout.valid))) > 0.1
