"""Checkpoints: all that a member's training depends on at the end of a segment, as safetensors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import jax
import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from service.schema import PPOConfig
from service.training import ppo
from service.training.policy import with_policy


@dataclass(frozen=True)
class BestPolicy:
    """The policy that did best in the evaluations so far: after which segment, its mean score, and its policy file."""

    segment: int
    fitness: float
    policy: bytes


@dataclass(frozen=True)
class Checkpoint:
    """A member after `segments` segments of its training; `best` is None before the first."""

    segments: int
    state: ppo.MemberState
    best: BestPolicy | None


def begin(
    seed: int, observation_size: int, action_size: int, config: PPOConfig, start: bytes | None = None
) -> Checkpoint:
    """A member that has learned nothing yet, or that begins with the policy in the file `start`; its value network is fresh.

    Raises ValueError if that policy is of another network.
    """
    state = _initial_state(np.int32(seed), observation_size, action_size, config)
    return Checkpoint(0, state if start is None else with_policy(state, start), None)


_initial_state = jax.jit(ppo.initial_state, static_argnums=(1, 2, 3))


def checkpoint_bytes(checkpoint: Checkpoint) -> bytes:
    """A checkpoint as safetensors; bit for bit what `load_checkpoint` gives back."""
    leaves, _ = jax.tree.flatten(checkpoint.state)
    tensors: dict[str, NDArray[np.generic]] = {f"state.{i:03d}": np.asarray(leaf) for i, leaf in enumerate(leaves)}
    tensors["segments"] = np.array(checkpoint.segments, np.int64)
    if checkpoint.best is not None:
        tensors["best.segment"] = np.array(checkpoint.best.segment, np.int64)
        tensors["best.fitness"] = np.array(checkpoint.best.fitness, np.float64)
        tensors["best.policy"] = np.frombuffer(checkpoint.best.policy, np.uint8)
    return save(tensors)


def load_checkpoint(data: bytes, observation_size: int, action_size: int, config: PPOConfig) -> Checkpoint:
    """The checkpoint in `data`. Raises ValueError if it is of another network or optimizer."""
    tensors = load(data)
    initial = partial(ppo.initial_state, observation_size=observation_size, action_size=action_size, config=config)
    shapes, structure = jax.tree.flatten(jax.eval_shape(initial, np.int32(0)))
    leaves = [tensors[name] for name in sorted(tensors) if name.startswith("state.")]
    if [(leaf.shape, leaf.dtype) for leaf in leaves] != [(leaf.shape, leaf.dtype) for leaf in shapes]:
        raise ValueError(
            f"expected a checkpoint of a network with {len(shapes)} arrays for this configuration, got another"
        )
    best = None
    if "best.policy" in tensors:
        best = BestPolicy(
            int(tensors["best.segment"]), float(tensors["best.fitness"]), tensors["best.policy"].tobytes()
        )
    return Checkpoint(int(tensors["segments"]), jax.tree.unflatten(structure, leaves), best)
