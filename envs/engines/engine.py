"""What steps many environments at once, whatever the simulator behind it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from envs.variables import Layout


@dataclass(frozen=True)
class EngineStep:
    """One step of M environments: `frames` float32 `[M, F]`, `rewards` float32 `[M]` (the environment's own), ends bool `[M]`.

    `ended`: the episode is over, `truncated` or not. In the step after that, an environment only resets: its action is not
    used and its frame is the first of the next episode.
    """

    frames: NDArray[np.float32]
    rewards: NDArray[np.float32]
    ended: NDArray[np.bool_]
    truncated: NDArray[np.bool_]


class VectorEngine(Protocol):
    """M environments of one card, each with a seed of its own; what one does never depends on the others."""

    def reset(self) -> NDArray[np.float32]:
        """Starts every environment; their first frames `[M, F]`, float32."""

    def step(self, actions: NDArray[np.float32]) -> EngineStep:
        """Steps every environment with actions `[M, A]`, float32, within the card's bounds."""

    def close(self) -> None:
        """Frees the environments."""


MakeEngine = Callable[[Layout, Sequence[int], int], VectorEngine]
"""Makes environments of a layout's card, one for each seed, stepped by so many threads."""
