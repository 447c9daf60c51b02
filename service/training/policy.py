"""Policies as safetensors: what a training leaves behind.

A policy file holds `policy.{i}.weight` `[in, out]`, `policy.{i}.bias` `[out]`, `observation.mean` and
`observation.variance` `[D]`, all float32, and one JSON document in its metadata that says how to use them.
"""

from __future__ import annotations

import json

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from envs.card import EnvCard
from service.training.ppo import Actor

Floats = NDArray[np.float32]
FORMAT = "rewardsmith-policy-1"


def policy_bytes(card: EnvCard, actor: Actor) -> bytes:
    """A policy file of an actor of this card's environment. Equal actors give equal bytes."""
    tensors: dict[str, Floats] = {}
    for i, (weight, bias) in enumerate(actor.layers):
        tensors[f"policy.{i}.weight"], tensors[f"policy.{i}.bias"] = np.asarray(weight), np.asarray(bias)
    tensors["observation.mean"], tensors["observation.variance"] = np.asarray(actor.mean), np.asarray(actor.variance)
    description = {
        "format": FORMAT,
        "environment": card.id,
        "observation": list(card.policy),
        "activation": "tanh",
        "action_low": card.action.low,
        "action_high": card.action.high,
    }
    return save(tensors, metadata={"policy": json.dumps(description, sort_keys=True)})


def load_actor(policy: bytes) -> Actor:
    """The actor in a policy file."""
    tensors = {name: jnp.asarray(tensor) for name, tensor in load(policy).items()}
    depth = sum(name.endswith(".weight") for name in tensors)
    layers = tuple((tensors[f"policy.{i}.weight"], tensors[f"policy.{i}.bias"]) for i in range(depth))
    return Actor(layers, tensors["observation.mean"], tensors["observation.variance"])
