"""What gives each member its rewards: sandboxed code, the environment itself, or the card's sparse expression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from envs.card import EnvCard
from envs.variables import Layout, Transitions
from sandbox import (
    Limits,
    RewardFault,
    SandboxedMetric,
    SandboxedReward,
    check_metric,
    check_reward,
    check_step_expression,
)
from service.schema import EpisodeEnd, EpisodeSummary, Fitness
from service.training.errors import FitnessFault
from service.training.job import Member

Floats = NDArray[np.float32]
TRAINING_LIMITS = Limits(call_seconds=20.0)
"""Generous, because the clock runs on while the machine is busy with other trainings."""


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


def reward_source(member: Member, layout: Layout, most_transitions: int) -> RewardSource:
    """The source of a member's rewards. Raises `sandbox.RewardRejected` for code that the policy refuses."""
    card = layout.card
    if member.reward == "human":
        return EnvironmentReward()
    if member.reward == "sparse":
        checked = check_step_expression(card.sparse_reward, card.parameters)
    else:
        checked = check_reward(member.source or "", card.parameters)
    return CodeReward(layout, SandboxedReward(checked, card.parameters, most_transitions, TRAINING_LIMITS).open())


class Judge:
    """Scores episodes by the run's fitness, in a sandboxed process of its own. Raises `FitnessFault` where it cannot."""

    def __init__(self, card: EnvCard, fitness: Fitness) -> None:
        sizes = {variable.name: variable.size for variable in card.variables}
        self._card = card
        self._metric = SandboxedMetric(
            check_metric(fitness.score, fitness.success, sizes), sizes, card.max_steps + 1, TRAINING_LIMITS
        ).open()

    def summaries(self, layout: Layout, transitions: Transitions, rewards: Rewards) -> tuple[EpisodeSummary, ...]:
        """One summary for each environment's one episode (valid rows come first, then none)."""
        return tuple(
            self._summary(layout, transitions, rewards, environment)
            for environment in range(transitions.valid.shape[1])
        )

    def _summary(self, layout: Layout, transitions: Transitions, rewards: Rewards, environment: int) -> EpisodeSummary:
        length = int(transitions.valid[:, environment].sum())
        episode = layout.episode(transitions.frames[: length + 1, environment])
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
