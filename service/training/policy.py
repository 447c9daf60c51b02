"""Policies as safetensors: what a training leaves behind.

A policy file holds what acts, `policy.{i}.weight` `[in, out]`, `policy.{i}.bias` `[out]`, `observation.mean` and
`observation.variance` `[D]`, and what only a training that begins with it needs, `policy.log_std` `[A]` and
`observation.count` `[]`, the rows that the moments were taken over; all float32. One JSON document in its metadata says how to
use them.
"""

from __future__ import annotations

import json

import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray
from safetensors.numpy import load, save

from envs.card import EnvCard
from envs.policy_file import FORMAT
from service.training.moments import RunningMoments
from service.training.networks import LayerParameters
from service.training.ppo import Actor, MemberState

Floats = NDArray[np.float32]


def policy_bytes(card: EnvCard, state: MemberState) -> bytes:
    """The policy file of a member of this card's environment as it stands. Equal policies give equal bytes."""
    tensors: dict[str, Floats] = {}
    for i, (weight, bias) in enumerate(state.networks.policy):
        tensors[f"policy.{i}.weight"], tensors[f"policy.{i}.bias"] = np.asarray(weight), np.asarray(bias)
    tensors["policy.log_std"] = np.asarray(state.networks.log_std)
    moments = state.observation
    tensors["observation.mean"], tensors["observation.variance"] = (
        np.asarray(moments.mean),
        np.asarray(moments.variance),
    )
    tensors["observation.count"] = np.asarray(moments.weight)
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
    tensors = _tensors(policy)
    return Actor(_layers(tensors), tensors["observation.mean"], tensors["observation.variance"])


def with_policy(state: MemberState, policy: bytes) -> MemberState:
    """A member with the policy of a file: its layers, exploration noise and observation moments; the rest stays as it is.

    Raises ValueError where the file holds another network, or lacks noise or count as files of older versions do.
    """
    tensors = _tensors(policy)
    wanted = {"policy.log_std", "observation.count"}
    if not wanted <= tensors.keys():
        raise ValueError(f"expected a policy file with {sorted(wanted)} to begin with, got one of an older version")
    moments = RunningMoments(tensors["observation.mean"], tensors["observation.variance"], tensors["observation.count"])
    layers, log_std = _layers(tensors), tensors["policy.log_std"]
    found = [leaf.shape for leaf in (*sum(layers, ()), log_std, moments.mean)]
    own = [leaf.shape for leaf in (*sum(state.networks.policy, ()), state.networks.log_std, state.observation.mean)]
    if found != own:
        raise ValueError(f"expected a policy of the shapes {own} to begin with, got {found}; give both the same sizes")
    return state._replace(networks=state.networks._replace(policy=layers, log_std=log_std), observation=moments)


def _tensors(policy: bytes) -> dict[str, Array]:
    return {name: jnp.asarray(tensor) for name, tensor in load(policy).items()}


def _layers(tensors: dict[str, Array]) -> tuple[LayerParameters, ...]:
    depth = sum(name.startswith("policy.") and name.endswith(".weight") for name in tensors)
    return tuple((tensors[f"policy.{i}.weight"], tensors[f"policy.{i}.bias"]) for i in range(depth))
