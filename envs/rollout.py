"""Steps engines and keeps what happened as arrays: the one loop over time that training, evaluation and recording share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from envs.engines.engine import VectorEngine
from envs.variables import Floats, Layout, Transitions

Act = Callable[[int, Floats], Floats]
"""A policy for M environments: (step within the rollout, frames `[M, F]`) to actions `[M, A]`, before clipping."""


@dataclass(frozen=True)
class Collected:
    """A rollout's transitions, and the actions `[T, M, A]` as the policy chose them, before clipping to the bounds."""

    transitions: Transitions
    chosen: Floats

    def of(self, columns: slice) -> Collected:
        """What some of the environments collected; views, not copies."""
        return Collected(self.transitions.of(columns), self.chosen[:, columns])


class Collector:
    """Collects rollouts from an engine of M environments; episodes carry on from one rollout into the next."""

    def __init__(self, engine: VectorEngine, layout: Layout) -> None:
        self._engine = engine
        self._low, self._high = np.float32(layout.card.action.low), np.float32(layout.card.action.high)
        self._frames = engine.reset()
        environments = len(self._frames)
        self._resetting: NDArray[np.bool_] = np.zeros(environments, bool)
        self._elapsed: NDArray[np.int32] = np.zeros(environments, np.int32)
        self._last_actions: Floats = np.zeros((environments, layout.card.action.size), np.float32)

    def collect(self, length: int, act: Act) -> Collected:
        """The next `length` steps of every environment, over the ends of episodes; steps that only reset are not valid."""
        return collect([self], length, [act])[0]

    def episodes(self, max_steps: int, act: Act) -> Collected:
        """One episode of every environment, at most `max_steps` long; valid up to its end and not after."""
        return episodes([self], max_steps, [act])[0]

    def _begin(self, length: int) -> None:
        environments, width = self._frames.shape
        shape = (length, environments)
        self._taken = 0
        self._seen = np.empty((length + 1, environments, width), np.float32)
        self._seen[0] = self._frames
        self._chosen = np.empty((*shape, self._last_actions.shape[1]), np.float32)
        self._actions = np.empty_like(self._chosen)
        self._rewards = np.empty(shape, np.float32)
        self._terminated, self._truncated = np.empty(shape, bool), np.empty(shape, bool)
        self._ended = np.zeros(environments, bool)

    def _send(self, act: Act) -> None:
        t = self._taken
        self._chosen[t] = act(t, self._seen[t])
        actions = np.minimum(self._chosen[t], self._high, out=self._actions[t])
        self._engine.send(np.maximum(actions, self._low, out=actions))

    def _receive(self) -> None:
        t, step = self._taken, self._engine.receive()
        self._seen[t + 1], self._rewards[t] = step.frames, step.rewards
        self._terminated[t], self._truncated[t] = step.terminated, step.truncated
        self._ended |= step.terminated | step.truncated
        self._taken = t + 1

    def _finish(self, *, whole_episodes: bool) -> Collected:
        """What was collected since `_begin`; all that follows from the ends of episodes is worked out here, at once."""
        taken, steps = self._taken, np.arange(self._taken, dtype=np.int32)[:, None]
        ends = self._terminated[:taken] | self._truncated[:taken]
        resetting = np.concatenate([self._resetting[None], ends[:-1]])
        last_reset = np.maximum.accumulate(np.where(resetting, steps, -1), axis=0)
        elapsed = np.where(last_reset >= 0, steps - last_reset, self._elapsed + steps + 1).astype(np.int32)
        received = np.where(resetting[..., None], np.float32(0), self._actions[:taken])
        previous = np.concatenate([self._last_actions[None], received[:-1]])
        valid = ~resetting
        if whole_episodes:
            valid[1:] &= ~np.maximum.accumulate(ends[:-1], axis=0)
        self._frames, self._resetting = self._seen[taken], ends[-1]
        self._elapsed, self._last_actions = elapsed[-1], received[-1]
        return Collected(
            Transitions(
                frames=self._seen[: taken + 1],
                actions=self._actions[:taken],
                previous_actions=previous,
                elapsed=elapsed,
                rewards=self._rewards[:taken],
                terminated=self._terminated[:taken],
                truncated=self._truncated[:taken],
                valid=valid,
            ),
            self._chosen[:taken],
        )


def collect(collectors: Sequence[Collector], length: int, acts: Sequence[Act]) -> list[Collected]:
    """The next `length` steps of every environment of several collectors; while one acts, the others' environments step."""
    return _interleave(collectors, length, acts, whole_episodes=False)


def episodes(collectors: Sequence[Collector], max_steps: int, acts: Sequence[Act]) -> list[Collected]:
    """One episode of every environment of several collectors; each stops when all of its own have ended."""
    return _interleave(collectors, max_steps, acts, whole_episodes=True)


def _interleave(
    collectors: Sequence[Collector], length: int, acts: Sequence[Act], *, whole_episodes: bool
) -> list[Collected]:
    going = list(zip(collectors, acts, strict=True))
    for collector, act in going:
        collector._begin(length)
        collector._send(act)
    while going:
        unfinished = []
        for collector, act in going:
            collector._receive()
            if collector._taken < length and not (whole_episodes and collector._ended.all()):
                collector._send(act)
                unfinished.append((collector, act))
        going = unfinished
    return [collector._finish(whole_episodes=whole_episodes) for collector in collectors]
