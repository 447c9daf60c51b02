"""Lets members act, many at a time, each as if it were alone.

In NumPy: a step is too little work for a compiled program to be worth calling. Every member's product is one of its own, of a shape
that no other member changes, so its actions are the same bits whoever else is in the population.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from envs.variables import Floats, Layout
from service.training.ppo import OBSERVATION_CLIP, Actor

Member = TypeVar("Member")


def in_lanes(members: Sequence[Member]) -> list[Sequence[Member]]:
    """Two lanes, as even as can be, with environments of their own: while one acts, the other's step. A member alone is one."""
    half = (len(members) + 1) // 2
    return [lane for lane in (members[:half], members[half:]) if lane]


class Actors:
    """The deterministic policies of K members, each with `width` environments that stand side by side in every frame."""

    def __init__(self, layout: Layout, actors: Sequence[Actor], width: int) -> None:
        self._columns = layout.policy_columns
        self._shape = (len(actors), width, len(self._columns))
        self._mean = np.stack([np.asarray(actor.mean) for actor in actors])[:, None]
        self._deviation = np.sqrt(
            np.stack([np.asarray(actor.variance) for actor in actors])[:, None] + np.float32(1e-8)
        )
        self._layers: list[tuple[Floats, Floats]] = [
            (np.stack([np.asarray(weights) for weights, _ in layer]), np.stack([np.asarray(bias) for _, bias in layer]))
            for layer in zip(*(actor.layers for actor in actors), strict=True)
        ]

    def __call__(self, frames: Floats) -> Floats:
        """Mean actions `[K * N, A]` for frames `[K * N, F]`, before clipping."""
        x = frames[:, self._columns].reshape(self._shape)
        x = np.clip((x - self._mean) / self._deviation, -OBSERVATION_CLIP, OBSERVATION_CLIP)
        *hidden, (weights, bias) = self._layers
        for inner_weights, inner_bias in hidden:
            x = np.tanh(np.matmul(x, inner_weights) + inner_bias[:, None])
        actions: Floats = (np.matmul(x, weights) + bias[:, None]).reshape(len(frames), -1)
        return actions
