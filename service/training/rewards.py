"""What gives each member its rewards: sandboxed code, the environment itself, or the card's sparse expression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from envs.card import EnvCard
from envs.variables import Layout, Transitions
from sandbox import CheckedReward, Limits, RewardFault, SandboxedMetric, SandboxedReward
from service.schema import EpisodeEnd, EpisodeSummary
from service.training.errors import FitnessFault

Floats = NDArray[np.float32]
TRAINING_LIMITS = Limits(call_seconds=20.0, patience=30.0)
"""Generous: trainings step back for whatever else wants a core, and no code is to fail for what a machine does beside it."""


@dataclass(frozen=True)
class Rewards:
    """Rewards of a rollout: `total` and each component float32 `[T, M]`, zero where a transition is not valid."""

    total: Floats
    components: dict[str, Floats]


class RewardSource(Protocol):
    """Gives rewards for whole rollouts. Raises `sandbox.RewardFault` when a candidate's code is at fault."""

    def rewards(self, transitions: Transitions) -> Rewards:
        """The rewards of a rollout of M environments."""

    def close(self) -> None:
        """Ends the process behind it, if there is one."""


class EnvironmentReward:
    """The environment's own reward, written by people: the yardstick called human."""

    def rewards(self, transitions: Transitions) -> Rewards:
        """The environment's own rewards `[T, M]`, without components."""
        return Rewards(np.where(transitions.valid, transitions.rewards, np.float32(0)), {})

    def close(self) -> None:
        """Nothing to end."""


class CodeReward:
    """A reward function in a sandboxed process of its own."""

    def __init__(self, layout: Layout, reward: SandboxedReward) -> None:
        self._layout = layout
        self._reward = reward

    def rewards(self, transitions: Transitions) -> Rewards:
        """One call of the reward for all valid transitions of the rollout."""
        batch = self._reward(self._layout.inputs(self._reward.parameters, transitions))
        return Rewards(
            _spread(batch.total, transitions.valid),
            {name: _spread(values, transitions.valid) for name, values in batch.components.items()},
        )

    def close(self) -> None:
        """Ends the reward's process."""
        self._reward.close()


def _spread(values: Floats, valid: NDArray[np.bool_]) -> Floats:
    spread = np.zeros(valid.shape, np.float32)
    spread[valid] = values
    return spread


def reward_source(code: CheckedReward | None, layout: Layout, most_transitions: int) -> RewardSource:
    """What gives the rewards of `code`, or of the environment itself. Raises `sandbox.RewardFault` for code that cannot start."""
    if code is None:
        return EnvironmentReward()
    parameters = layout.card.parameters
    return CodeReward(layout, SandboxedReward(code, parameters, most_transitions, TRAINING_LIMITS).open())


class Judge:
    """Scores episodes by the run's fitness, in a sandboxed process of its own. Raises `FitnessFault` where it cannot."""

    def __init__(self, card: EnvCard, metric: CheckedReward) -> None:
        self._card = card
        self._names = tuple(name for name in metric.parameters if name in card.sizes)
        self._metric = SandboxedMetric(metric, card.sizes, card.max_steps + 1, TRAINING_LIMITS).open()

    def summaries(self, layout: Layout, transitions: Transitions, rewards: Rewards) -> tuple[EpisodeSummary, ...]:
        """One summary for each environment's one episode (valid rows come first, then none)."""
        return tuple(
            self._summary(layout, transitions, rewards, environment)
            for environment in range(transitions.valid.shape[1])
        )

    def _summary(self, layout: Layout, transitions: Transitions, rewards: Rewards, environment: int) -> EpisodeSummary:
        length = int(transitions.valid[:, environment].sum())
        episode = layout.values((*layout.free, *self._names), transitions.frames[: length + 1, environment])
        try:
            value = self._metric(episode, length, self._card.max_steps, self._card.dt)
        except RewardFault as fault:
            raise FitnessFault(f"the fitness cannot score an episode of {length} steps: {fault}") from fault
        terminated = bool(transitions.terminated[length - 1, environment])
        return EpisodeSummary(
            score=value.score,
            success=value.success,
            length=length,
            end=EpisodeEnd.TERMINATED if terminated else EpisodeEnd.TRUNCATED,
            total_reward=float(rewards.total[:length, environment].sum(dtype=np.float64)),
            components={
                name: float(values[:length, environment].mean(dtype=np.float64))
                for name, values in rewards.components.items()
            },
            last_variables={
                name: tuple(float(x) for x in np.atleast_1d(values[-1])) for name, values in episode.items()
            },
        )

    def close(self) -> None:
        """Ends the metric's process."""
        self._metric.close()
