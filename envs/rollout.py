"""Steps an engine and keeps what happened as arrays: the one loop over time that training, evaluation and recording share."""

from __future__ import annotations

from collections.abc import Callable
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


class Collector:
    """Collects rollouts from an engine of M environments; episodes carry on from one rollout into the next."""

    def __init__(self, engine: VectorEngine, layout: Layout) -> None:
        self._engine = engine
        self._action = layout.card.action
        self._frames = engine.reset()
        environments = len(self._frames)
        self._resetting: NDArray[np.bool_] = np.zeros(environments, bool)
        self._elapsed: NDArray[np.int32] = np.zeros(environments, np.int32)
        self._last_actions: Floats = np.zeros((environments, self._action.size), np.float32)

    def collect(self, length: int, act: Act) -> Collected:
        """The next `length` steps of every environment, over the ends of episodes; steps that only reset are not valid."""
        return self._collect(length, act, whole_episodes=False)

    def episodes(self, max_steps: int, act: Act) -> Collected:
        """One episode of every environment, at most `max_steps` long; valid up to its end and not after."""
        return self._collect(max_steps, act, whole_episodes=True)

    def _collect(self, length: int, act: Act, *, whole_episodes: bool) -> Collected:
        environments, width = self._frames.shape
        shape = (length, environments)
        frames = np.empty((length + 1, environments, width), np.float32)
        chosen = np.empty((*shape, self._action.size), np.float32)
        actions, previous = np.empty_like(chosen), np.empty_like(chosen)
        elapsed = np.empty(shape, np.int32)
        rewards = np.empty(shape, np.float32)
        terminated, truncated, valid = (np.empty(shape, bool) for _ in range(3))
        ended = np.zeros(environments, bool)
        frames[0] = self._frames
        taken = length
        for t in range(length):
            chosen[t] = act(t, frames[t])
            np.clip(chosen[t], self._action.low, self._action.high, out=actions[t])
            step = self._engine.step(actions[t])
            valid[t] = ~(self._resetting | ended)
            previous[t] = self._last_actions
            self._elapsed = np.where(self._resetting, 0, self._elapsed + 1).astype(np.int32)
            elapsed[t], frames[t + 1], rewards[t] = self._elapsed, step.frames, step.rewards
            terminated[t], truncated[t] = step.terminated, step.truncated
            self._last_actions = np.where(self._resetting[:, None], 0.0, actions[t]).astype(np.float32)
            self._resetting = step.terminated | step.truncated
            self._frames = step.frames
            if whole_episodes:
                ended |= self._resetting
                if ended.all():
                    taken = t + 1
                    break
        transitions = Transitions(
            frames[: taken + 1],
            actions[:taken],
            previous[:taken],
            elapsed[:taken],
            rewards[:taken],
            terminated[:taken],
            truncated[:taken],
            valid[:taken],
        )
        return Collected(transitions, chosen[:taken])
