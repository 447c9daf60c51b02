import json
import struct

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import Array
from numpy.typing import NDArray
from safetensors.numpy import load, save

from envs.card import card
from envs.variables import Layout
from service.schema import PPOConfig
from service.training import ppo
from service.training.actors import Actors
from service.training.checkpoint import begin
from service.training.moments import RunningMoments, normalise
from service.training.networks import forward
from service.training.policy import load_actor, policy_bytes

HOPPER = card("Hopper-v5")
LAYOUT = Layout(HOPPER)
Floats = NDArray[np.float32]


def state_of(seed: int, observations: int = 11, hidden: tuple[int, ...] = (16, 8)) -> ppo.MemberState:
    """A member with weights, biases, noise and observation moments that differ from each other and from 0."""
    random = np.random.default_rng(seed)

    def normal(leaf: Array) -> Array:
        return jnp.asarray(random.normal(0, 0.5, leaf.shape), jnp.float32)

    state = begin(seed, observations, 3, PPOConfig(hidden_sizes=hidden)).state
    mean, variance, weight = map(normal, state.observation)
    moments = RunningMoments(mean, jnp.square(variance) + 0.5, jnp.square(weight) * 1000)
    return state._replace(networks=jax.tree.map(normal, state.networks), observation=moments)


def actor_of(seed: int, hidden: tuple[int, ...] = (16, 8)) -> ppo.Actor:
    return ppo.actor(state_of(seed, hidden=hidden))


def in_jax(actor: ppo.Actor, observations: Floats) -> Array:
    """What the network that is learned with says."""
    return forward(actor.layers, normalise(actor.mean, actor.variance, jnp.asarray(observations)))


def test_an_actor_is_read_back_bit_for_bit() -> None:
    actor = actor_of(1)
    read = load_actor(policy_bytes(HOPPER, state_of(1)))
    assert len(read.layers) == 3
    assert jax.tree.structure(read) == jax.tree.structure(actor)
    for found, wanted in zip(jax.tree.leaves(read), jax.tree.leaves(actor), strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_a_member_begins_with_the_policy_of_another_and_with_nothing_else_of_it() -> None:
    source, fresh = state_of(1), begin(7, 11, 3, PPOConfig(hidden_sizes=(16, 8))).state
    warm = begin(7, 11, 3, PPOConfig(hidden_sizes=(16, 8)), policy_bytes(HOPPER, source)).state
    taken = (warm.networks.policy, warm.networks.log_std, warm.observation)
    given = (source.networks.policy, source.networks.log_std, source.observation)
    for found, wanted in zip(jax.tree.leaves(taken), jax.tree.leaves(given), strict=True):
        np.testing.assert_array_equal(found, wanted)
    rest = [(s.networks.value, s.optimizer, s.discounted_return, s.key, s.updates) for s in (warm, fresh)]
    assert jax.tree.structure(rest[0]) == jax.tree.structure(rest[1])
    for found, wanted in zip(jax.tree.leaves(rest[0]), jax.tree.leaves(rest[1]), strict=True):
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize(
    "other", [state_of(1, observations=12), state_of(1, hidden=(16, 9)), state_of(1, hidden=(16,))]
)
def test_a_member_cannot_begin_with_a_policy_of_another_network(other: ppo.MemberState) -> None:
    with pytest.raises(ValueError, match="to begin with, got"):
        begin(7, 11, 3, PPOConfig(hidden_sizes=(16, 8)), policy_bytes(HOPPER, other))


def test_a_member_cannot_begin_with_a_policy_file_that_lacks_the_exploration_noise() -> None:
    tensors = load(policy_bytes(HOPPER, state_of(1)))
    del tensors["policy.log_std"]
    with pytest.raises(ValueError, match="of an older version"):
        begin(7, 11, 3, PPOConfig(hidden_sizes=(16, 8)), save(tensors))


def test_equal_policies_give_equal_files_and_others_do_not() -> None:
    assert policy_bytes(HOPPER, state_of(1)) == policy_bytes(HOPPER, state_of(1))
    assert policy_bytes(HOPPER, state_of(1)) != policy_bytes(HOPPER, state_of(2))


def test_a_policy_file_says_how_to_use_it() -> None:
    data = policy_bytes(HOPPER, state_of(1))
    header = json.loads(data[8 : 8 + struct.unpack("<Q", data[:8])[0]])
    assert json.loads(header["__metadata__"]["policy"]) == {
        "format": "rewardsmith-policy-1",
        "environment": "Hopper-v5",
        "observation": ["obs[1:12]"],
        "activation": "tanh",
        "action_low": -1.0,
        "action_high": 1.0,
    }


def test_a_policy_file_needs_numpy_alone() -> None:
    actor = actor_of(1)
    tensors = load(policy_bytes(HOPPER, state_of(1)))
    observations = np.random.default_rng(5).normal(0, 3, (20, 11)).astype(np.float32)
    x = np.clip((observations - tensors["observation.mean"]) / np.sqrt(tensors["observation.variance"] + 1e-8), -10, 10)
    for i in (0, 1):
        x = np.tanh(x @ tensors[f"policy.{i}.weight"] + tensors[f"policy.{i}.bias"])
    x = x @ tensors["policy.2.weight"] + tensors["policy.2.bias"]
    # sums of 16 float32 products at most: some 1e-6
    np.testing.assert_allclose(in_jax(actor, observations), x, atol=1e-5)


@pytest.mark.parametrize("hidden", [(16, 8), (64, 64), (256, 256)])
@pytest.mark.parametrize("width", [1, 2, 8, 64])
@pytest.mark.parametrize("members", [1, 3, 9])
def test_members_of_a_population_act_bit_for_bit_as_they_do_alone(
    members: int, width: int, hidden: tuple[int, ...]
) -> None:
    actors = [actor_of(seed, hidden) for seed in range(members)]
    frames: Floats = np.random.default_rng(0).normal(size=(members * width, 12)).astype(np.float32)
    together = Actors(LAYOUT, actors, width)(frames)
    assert together.shape == (members * width, 3)
    for i, actor in enumerate(actors):
        own = slice(i * width, (i + 1) * width)
        np.testing.assert_array_equal(Actors(LAYOUT, [actor], width)(frames[own]), together[own])
        # sums of 256 float32 products of some 0.25 each at most
        np.testing.assert_allclose(together[own], in_jax(actor, frames[own, 1:]), rtol=1e-4, atol=1e-4)


def test_actors_that_are_called_again_see_the_new_frames() -> None:
    actors = Actors(LAYOUT, [actor_of(1)], 1)
    one, other = np.zeros((1, 12), np.float32), np.ones((1, 12), np.float32)
    first = actors(one).copy()
    assert (actors(other) != first).any()
    np.testing.assert_array_equal(actors(one), first)
