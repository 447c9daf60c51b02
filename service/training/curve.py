"""Sums up the transitions of one segment, rollout by rollout, into what a curve point says of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from envs.variables import Floats, Transitions
from service.schema import ComponentSummary
from service.training.rewards import Rewards


class SegmentStatistics:
    """Component moments and finished episodes of one member's N environments over one segment."""

    def __init__(self, environments: int) -> None:
        self._count = 0
        self._sums: dict[str, NDArray[np.float64]] = {}
        self._return = np.zeros(environments, np.float64)
        self._returns: list[float] = []
        self._lengths: list[int] = []

    def add(self, transitions: Transitions, rewards: Rewards) -> None:
        """Adds one rollout; rewards `[T, N]`."""
        self._count += int(transitions.valid.sum())
        for name, values in rewards.components.items():
            wide = values.astype(np.float64)
            sums = np.array([wide.sum(), np.square(wide).sum(), np.abs(wide).sum()])
            self._sums[name] = self._sums.get(name, np.zeros(3)) + sums
        self._add_episodes(transitions, rewards.total)

    def _add_episodes(self, transitions: Transitions, total: Floats) -> None:
        ended = (transitions.terminated | transitions.truncated) & transitions.valid
        cumulative = np.cumsum(total, axis=0, dtype=np.float64) + self._return
        for environment in range(total.shape[1]):
            before = 0.0
            for t in np.flatnonzero(ended[:, environment]):
                self._returns.append(float(cumulative[t, environment] - before))
                self._lengths.append(int(transitions.elapsed[t, environment]))
                before = float(cumulative[t, environment])
            self._return[environment] = cumulative[-1, environment] - before

    @property
    def training_return(self) -> float | None:
        """Mean sum of rewards of the episodes that ended, None if none did."""
        return float(np.mean(self._returns)) if self._returns else None

    @property
    def training_length(self) -> float | None:
        """Mean length in steps of the episodes that ended, None if none did."""
        return float(np.mean(self._lengths)) if self._lengths else None

    def components(self) -> dict[str, ComponentSummary]:
        """Mean and standard deviation per transition of each component, and its share of all magnitude."""
        magnitude = sum(float(sums[2]) for sums in self._sums.values())
        count = max(self._count, 1)
        summaries = {}
        for name, (total, squares, absolute) in self._sums.items():
            mean = total / count
            variance = max(squares / count - mean * mean, 0.0)
            share = absolute / magnitude if magnitude > 0 else 0.0
            summaries[name] = ComponentSummary(mean=float(mean), std=float(np.sqrt(variance)), share=float(share))
        return summaries
