"""Lets members act, many at a time, each as if it were alone.

In NumPy: a step is too little work for a compiled program to be worth calling. Every member's product is one of its own, of a shape
that no other member changes, so its actions are the same bits whoever else is in the population.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from envs.variables import Floats, Layout
from service.training.moments import OBSERVATION_CLIP
from service.training.ppo import Actor


class Actors:
    """The deterministic policies of K members, each with `width` environments that stand side by side in every frame."""

    def __init__(self, layout: Layout, actors: Sequence[Actor], width: int) -> None:
        columns = layout.policy_columns
        together = columns[-1] - columns[0] == len(columns) - 1
        self._columns = slice(columns[0], columns[-1] + 1) if together else columns  # a slice copies less
        self._shape = (len(actors), width, len(columns))
        self._mean = np.stack([np.asarray(actor.mean) for actor in actors])[:, None]
        self._deviation = np.sqrt(
            np.stack([np.asarray(actor.variance) for actor in actors])[:, None] + np.float32(1e-8)
        )
        self._layers: list[tuple[Floats, Floats]] = [
            (
                np.stack([np.asarray(weights) for weights, _ in layer]),
                np.stack([np.asarray(bias)[None] for _, bias in layer]),
            )
            for layer in zip(*(actor.layers for actor in actors), strict=True)
        ]

    def __call__(self, frames: Floats) -> Floats:
        """Mean actions `[K * N, A]` for frames `[K * N, F]`, before clipping."""
        x = frames[:, self._columns].reshape(self._shape) - self._mean
        x /= self._deviation
        np.minimum(np.maximum(x, -OBSERVATION_CLIP, out=x), OBSERVATION_CLIP, out=x)
        *hidden, (weights, bias) = self._layers
        for inner_weights, inner_bias in hidden:
            x = np.matmul(x, inner_weights)
            x += inner_bias
            np.tanh(x, out=x)
        actions: Floats = np.matmul(x, weights)
        actions += bias
        return actions.reshape(len(frames), -1)
