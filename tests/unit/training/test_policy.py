import json
import struct

import jax.numpy as jnp
import numpy as np
import pytest
from jax import Array
from numpy.typing import NDArray
from safetensors.numpy import load

from envs.card import card
from envs.variables import Layout
from service.training import ppo
from service.training.actors import Actors
from service.training.policy import load_actor, policy_bytes

HOPPER = card("Hopper-v5")
LAYOUT = Layout(HOPPER)
Floats = NDArray[np.float32]


def actor_of(seed: int) -> ppo.Actor:
    """An actor with weights, biases and observation moments that differ from each other and from 0."""
    random = np.random.default_rng(seed)

    def normal(*shape: int) -> Array:
        return jnp.asarray(random.normal(0, 0.5, shape), jnp.float32)

    layers = ((normal(11, 16), normal(16)), (normal(16, 8), normal(8)), (normal(8, 3), normal(3)))
    return ppo.Actor(layers, normal(11), jnp.square(normal(11)) + 0.5)


def test_an_actor_is_read_back_bit_for_bit() -> None:
    actor = actor_of(1)
    read = load_actor(policy_bytes(HOPPER, actor))
    assert len(read.layers) == 3
    for (weights, bias), (read_weights, read_bias) in zip(actor.layers, read.layers, strict=True):
        np.testing.assert_array_equal(read_weights, weights)
        np.testing.assert_array_equal(read_bias, bias)
    np.testing.assert_array_equal(read.mean, actor.mean)
    np.testing.assert_array_equal(read.variance, actor.variance)


def test_equal_actors_give_equal_files_and_others_do_not() -> None:
    assert policy_bytes(HOPPER, actor_of(1)) == policy_bytes(HOPPER, actor_of(1))
    assert policy_bytes(HOPPER, actor_of(1)) != policy_bytes(HOPPER, actor_of(2))


def test_a_policy_file_says_how_to_use_it() -> None:
    data = policy_bytes(HOPPER, actor_of(1))
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
    tensors = load(policy_bytes(HOPPER, actor))
    observations = np.random.default_rng(5).normal(0, 3, (20, 11)).astype(np.float32)
    x = np.clip((observations - tensors["observation.mean"]) / np.sqrt(tensors["observation.variance"] + 1e-8), -10, 10)
    for i in (0, 1):
        x = np.tanh(x @ tensors[f"policy.{i}.weight"] + tensors[f"policy.{i}.bias"])
    x = x @ tensors["policy.2.weight"] + tensors["policy.2.bias"]
    # sums of 16 float32 products at most: some 1e-6
    np.testing.assert_allclose(ppo.act(actor, observations), x, atol=1e-5)


@pytest.mark.parametrize("members", [1, 3, 9])
def test_members_of_a_population_act_bit_for_bit_as_they_do_alone(members: int) -> None:
    actors = [actor_of(seed) for seed in range(members)]
    frames: Floats = np.random.default_rng(0).normal(size=(members * 2, 12)).astype(np.float32)
    together = Actors(LAYOUT, actors, 2)(frames)
    assert together.shape == (members * 2, 3)
    for i, actor in enumerate(actors):
        part = frames[2 * i : 2 * i + 2]
        np.testing.assert_array_equal(Actors(LAYOUT, [actor], 2)(part), together[2 * i : 2 * i + 2])
        np.testing.assert_allclose(together[2 * i : 2 * i + 2], ppo.act(actor, part[:, 1:]), atol=1e-5)


def test_actors_that_are_called_again_see_the_new_frames() -> None:
    actors = Actors(LAYOUT, [actor_of(1)], 1)
    one, other = np.zeros((1, 12), np.float32), np.ones((1, 12), np.float32)
    first = actors(one).copy()
    assert (actors(other) != first).any()
    np.testing.assert_array_equal(actors(one), first)
