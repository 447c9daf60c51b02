"""Steps an engine and keeps what happened as arrays: the one loop over time that training, evaluation and recording share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from envs.engines.engine import VectorEngine
from envs.turning import turns
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


@dataclass(frozen=True)
class Steps:
    """What an engine was sent and told: `frames` `[T + 1, M, F]`, actions `chosen` and clipped `[T, M, A]`, the rest `[T, M]`."""

    frames: Floats
    chosen: Floats
    actions: Floats
    rewards: Floats
    ended: NDArray[np.bool_]
    truncated: NDArray[np.bool_]


class Collector:
    """Collects rollouts from an engine of M environments; episodes carry on from one rollout into the next."""

    def __init__(self, engine: VectorEngine, layout: Layout) -> None:
        self._engine = engine
        self._low, self._high = np.float32(layout.card.action.low), np.float32(layout.card.action.high)
        self._layout = layout
        shown = engine.reset()
        environments = len(shown)
        self._frames: Floats = np.zeros((environments, layout.width), np.float32)
        self._frames[:, : layout.shown] = shown
        self._resetting: NDArray[np.bool_] = np.zeros(environments, bool)
        self._elapsed: NDArray[np.int32] = np.zeros(environments, np.int32)
        self._last_actions: Floats = np.zeros((environments, layout.card.action.size), np.float32)

    def collect(self, length: int, act: Act) -> Collected:
        """The next `length` steps of every environment, over the ends of episodes; steps that only reset are not valid."""
        return self._collect(length, act, whole_episodes=False)

    def episodes(self, max_steps: int, act: Act) -> Collected:
        """One episode of every environment, at most `max_steps` long; valid up to its end and not after."""
        return self._collect(max_steps, act, whole_episodes=True)

    def _collect(self, length: int, act: Act, *, whole_episodes: bool) -> Collected:
        environments, width = self._frames.shape
        shape = (length, environments)
        frames = np.zeros((length + 1, environments, width), np.float32)
        chosen = np.empty((*shape, self._last_actions.shape[1]), np.float32)
        actions, rewards = np.empty_like(chosen), np.empty(shape, np.float32)
        ended, truncated = np.empty(shape, bool), np.empty(shape, bool)
        over = np.zeros(environments, bool)
        frames[0], taken, shown = self._frames, length, self._layout.shown
        for t in range(length):
            chosen[t] = act(t, frames[t])
            np.minimum(chosen[t], self._high, out=actions[t])
            step = self._engine.step(np.maximum(actions[t], self._low, out=actions[t]))
            frames[t + 1, :, :shown], rewards[t] = step.frames, step.rewards
            ended[t], truncated[t] = step.ended, step.truncated
            if whole_episodes:
                over |= step.ended
                if over.all():
                    taken = t + 1
                    break
        return self._collected(
            Steps(
                frames[: taken + 1],
                chosen[:taken],
                actions[:taken],
                rewards[:taken],
                ended[:taken],
                truncated[:taken],
            ),
            whole_episodes=whole_episodes,
        )

    def _collected(self, seen: Steps, *, whole_episodes: bool) -> Collected:
        """All that follows from the ends of episodes, worked out for every step at once."""
        steps = np.arange(len(seen.rewards), dtype=np.int32)[:, None]
        ends = seen.ended
        resetting = np.concatenate([self._resetting[None], ends[:-1]])
        last_reset = np.maximum.accumulate(np.where(resetting, steps, -1), axis=0)
        elapsed = np.where(last_reset >= 0, steps - last_reset, self._elapsed + steps + 1).astype(np.int32)
        received = np.where(resetting[..., None], np.float32(0), seen.actions)
        previous = np.concatenate([self._last_actions[None], received[:-1]])
        self._count(seen.frames, resetting)
        valid = ~resetting
        if whole_episodes:
            valid[1:] &= ~np.maximum.accumulate(ends[:-1], axis=0)
        self._frames, self._resetting = seen.frames[-1], ends[-1]
        self._elapsed, self._last_actions = elapsed[-1], received[-1]
        transitions = Transitions(
            frames=seen.frames,
            actions=seen.actions,
            previous_actions=previous,
            elapsed=elapsed,
            rewards=seen.rewards,
            terminated=ends & ~seen.truncated,
            truncated=seen.truncated,
            valid=valid,
        )
        return Collected(transitions, seen.chosen)

    def _count(self, frames: Floats, resetting: NDArray[np.bool_]) -> None:
        """Fills in the turns that the card counts; the first frame's stand there already."""
        restarted = np.concatenate([np.zeros_like(resetting[:1]), resetting])
        for counter in self._layout.counters:
            quaternions = frames[..., counter.quaternion]
            frames[..., counter.column] = turns(quaternions, counter.axis, restarted, frames[0, :, counter.column])
