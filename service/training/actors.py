"""Lets a whole population act in one call, each member as if it were alone.

The loop over members runs inside one compiled program, for as many rounds as there are members; the program itself is
compiled for the next multiple of eight. A member's actions are the same bits whoever else is in the population.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from envs.variables import Floats, Layout
from service.training import ppo

BUCKET = 8
Member = TypeVar("Member")


def in_lanes(members: Sequence[Member]) -> list[Sequence[Member]]:
    """Two lanes, as even as can be, with environments of their own: while one acts, the other's step. A member alone is one."""
    half = (len(members) + 1) // 2
    return [lane for lane in (members[:half], members[half:]) if lane]


@jax.jit
def _act(count: Array, actors: ppo.Actor, observations: Array) -> Array:
    """Actions `[K, N, A]` of the first `count` of K stacked actors for observations `[K, N, D]`; the rest stay zero."""

    def one(i: Array, actions: Array) -> Array:
        member = jax.tree.map(lambda leaf: leaf[i], actors)
        return actions.at[i].set(ppo.act(member, observations[i]))

    members, width, _ = observations.shape
    size = actors.layers[-1][1].shape[-1]
    actions: Array = jax.lax.fori_loop(0, count, one, jnp.zeros((members, width, size), jnp.float32))
    return actions


class Actors:
    """The deterministic policies of K members, each with `width` environments that stand side by side in every frame."""

    def __init__(self, layout: Layout, actors: Sequence[ppo.Actor], width: int) -> None:
        self._columns = layout.policy_columns
        self._count = len(actors)
        padded = -(-self._count // BUCKET) * BUCKET
        stacked = [*actors, *[actors[0]] * (padded - self._count)]
        self._actors = jax.device_put(
            jax.tree.map(lambda *leaves: np.stack([np.asarray(leaf) for leaf in leaves]), *stacked)
        )
        self._observations = np.zeros((padded, width, len(self._columns)), np.float32)

    def __call__(self, frames: Floats) -> Floats:
        """Mean actions `[K * N, A]` for frames `[K * N, F]`, before clipping."""
        shape = (self._count, *self._observations.shape[1:])
        self._observations[: self._count] = frames[:, self._columns].reshape(shape)
        actions = np.asarray(_act(np.int32(self._count), self._actors, self._observations))
        return actions[: self._count].reshape(len(frames), -1)
