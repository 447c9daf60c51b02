"""A single-file PPO in PyTorch on EnvPool, in the manner of CleanRL (Huang et al. 2022, JMLR 23/274), in our own words."""

from __future__ import annotations

import time
from collections.abc import Callable

import envpool
import numpy as np
import torch
from torch import nn

ENVIRONMENTS, STEPS = 64, 256
DISCOUNT, LAMBDA, CLIP, VALUE_WEIGHT, MAX_NORM, RATE = 0.99, 0.95, 0.2, 0.5, 0.5, 1e-3


class Normaliser:
    """Running moments of observations `[N, D]` or returns `[N]`."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.mean, self.variance, self.count = np.zeros(shape), np.ones(shape), 1e-4

    def add(self, batch: np.ndarray) -> None:
        """Takes a batch in (Chan et al. 1979)."""
        mean, variance, rows = batch.mean(axis=0), batch.var(axis=0), len(batch)
        delta, total = mean - self.mean, self.count + rows
        squares = self.variance * self.count + variance * rows + delta**2 * self.count * rows / total
        self.mean, self.variance, self.count = self.mean + delta * rows / total, squares / total, total

    def scaled(self, batch: np.ndarray) -> np.ndarray:
        """Standard deviations from the mean, clipped to 10."""
        return np.clip((batch - self.mean) / np.sqrt(self.variance + 1e-8), -10, 10)


def _network(size_in: int, size_out: int, last_gain: float) -> nn.Sequential:
    layers = [nn.Linear(size_in, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, size_out)]
    for layer, gain in ((layers[0], 2**0.5), (layers[2], 2**0.5), (layers[4], last_gain)):
        nn.init.orthogonal_(layer.weight, gain)
        nn.init.zeros_(layer.bias)
    return nn.Sequential(*layers)


class Trainer:
    """One policy and its sixty-four environments."""

    def __init__(self, environment: str, epochs: int, minibatch: int) -> None:
        torch.manual_seed(0)
        self._pool = envpool.make_gymnasium(environment, num_envs=ENVIRONMENTS, seed=0)
        size, actions = self._pool.observation_space.shape[0], self._pool.action_space.shape[0]
        self._policy, self._value = _network(size, actions, 0.01), _network(size, 1, 1.0)
        self._log_std = nn.Parameter(torch.zeros(actions))
        self._parameters = [*self._policy.parameters(), *self._value.parameters(), self._log_std]
        self._optimizer = torch.optim.Adam(self._parameters, lr=RATE, eps=1e-5)
        self._epochs, self._minibatch = epochs, minibatch
        self._seen, self._returns = Normaliser((size,)), Normaliser(())
        self._running, self._over = np.zeros(ENVIRONMENTS), np.zeros(ENVIRONMENTS, bool)
        self._observations = self._normalised(self._pool.reset()[0])
        self._low, self._high = self._pool.action_space.low, self._pool.action_space.high

    def _normalised(self, observations: np.ndarray) -> torch.Tensor:
        self._seen.add(observations)
        return torch.as_tensor(self._seen.scaled(observations), dtype=torch.float32)

    def train(self, seconds: float) -> int:
        """Trains for some seconds, whole updates; the environment steps taken."""
        until, steps = time.perf_counter() + seconds, 0
        while time.perf_counter() < until:
            self._update(*self._rollout())
            steps += ENVIRONMENTS * STEPS
        return steps

    def _distribution(self, observations: torch.Tensor) -> torch.distributions.Normal:
        return torch.distributions.Normal(self._policy(observations), self._log_std.exp())

    @torch.no_grad()
    def _rollout(self) -> tuple[torch.Tensor, ...]:
        size, actions = self._observations.shape[1], len(self._log_std)
        seen = torch.empty(STEPS, ENVIRONMENTS, size)
        chosen = torch.empty(STEPS, ENVIRONMENTS, actions)
        log_probability, values, rewards, ends = (torch.empty(STEPS, ENVIRONMENTS) for _ in range(4))
        for t in range(STEPS):
            distribution = self._distribution(self._observations)
            action = distribution.sample()
            seen[t], chosen[t] = self._observations, action
            log_probability[t] = distribution.log_prob(action).sum(-1)
            values[t] = self._value(self._observations)[:, 0]
            clipped = np.clip(action.numpy().astype(np.float64), self._low, self._high)
            observations, reward, terminated, truncated, _ = self._pool.step(clipped)
            self._observations = self._normalised(observations)
            self._over = terminated | truncated
            self._running = self._running * DISCOUNT + reward
            self._returns.add(self._running)
            rewards[t] = torch.as_tensor(np.clip(reward / np.sqrt(self._returns.variance + 1e-8), -10, 10))
            ends[t] = torch.as_tensor(self._over)
            self._running[self._over] = 0
        advantages = torch.empty_like(rewards)
        following, carried = self._value(self._observations)[:, 0], torch.zeros(ENVIRONMENTS)
        for t in reversed(range(STEPS)):
            error = rewards[t] + DISCOUNT * following * (1 - ends[t]) - values[t]
            carried = error + DISCOUNT * LAMBDA * (1 - ends[t]) * carried
            advantages[t], following = carried, values[t]
        parts = seen, chosen, log_probability, advantages, advantages + values
        return tuple(part.flatten(0, 1) for part in parts)

    def _update(self, seen: torch.Tensor, chosen: torch.Tensor, before: torch.Tensor, *rest: torch.Tensor) -> None:
        advantages, targets = rest
        for _ in range(self._epochs):
            for rows in torch.randperm(len(seen)).split(self._minibatch):
                distribution = self._distribution(seen[rows])
                ratio = (distribution.log_prob(chosen[rows]).sum(-1) - before[rows]).exp()
                gains = advantages[rows]
                gains = (gains - gains.mean()) / (gains.std() + 1e-8)
                policy_loss = -torch.min(ratio * gains, ratio.clamp(1 - CLIP, 1 + CLIP) * gains).mean()
                value_loss = 0.5 * (self._value(seen[rows])[:, 0] - targets[rows]).square().mean()
                self._optimizer.zero_grad()
                (policy_loss + VALUE_WEIGHT * value_loss).backward()
                nn.utils.clip_grad_norm_(self._parameters, MAX_NORM)
                self._optimizer.step()


def trainer(environment: str, epochs: int, minibatch: int) -> Callable[[float], int]:
    """Trains one policy on all sixty-four environments."""
    return Trainer(environment, epochs, minibatch).train
