"""Stable-Baselines3's PPO, on its own vector environments and on EnvPool."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import envpool
import gymnasium
import numpy as np
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import DummyVecEnv, SubprocVecEnv, VecEnv, VecNormalize
from stable_baselines3.common.vec_env.base_vec_env import VecEnvIndices, VecEnvObs, VecEnvStepReturn

CANDIDATE_ENVIRONMENTS = 8
GENERATION_ENVIRONMENTS = 64
ROLLOUT = 256


class Deadline(BaseCallback):
    """Ends a training with the first rollout that is done after the deadline."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._until = time.perf_counter() + seconds

    def _on_step(self) -> bool:
        return True

    def _on_rollout_start(self) -> None:
        if time.perf_counter() > self._until:
            raise TimeoutError


class EnvPoolVecEnv(VecEnv):
    """EnvPool behind Stable-Baselines3's interface, as its users write it."""

    def __init__(self, environment: str, environments: int, seed: int = 0) -> None:
        self._pool = envpool.make_gymnasium(environment, num_envs=environments, seed=seed)
        super().__init__(environments, self._pool.observation_space, self._pool.action_space)
        self._actions = np.zeros((environments, *self.action_space.shape))

    def reset(self) -> VecEnvObs:
        """Starts every environment; observations `[N, D]` float64."""
        return self._pool.reset()[0]

    def step_async(self, actions: np.ndarray) -> None:
        """Keeps actions `[N, A]` for `step_wait`."""
        self._actions = actions.astype(np.float64)

    def step_wait(self) -> VecEnvStepReturn:
        """Steps every environment; a truncated one shows its last observation, which the learner bootstraps from."""
        observations, rewards, terminated, truncated, _ = self._pool.step(self._actions)
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        for i in np.flatnonzero(truncated & ~terminated):
            infos[i] = {"TimeLimit.truncated": True, "terminal_observation": observations[i]}
        return observations, rewards, terminated | truncated, infos

    def close(self) -> None:
        """Frees the environments."""
        self._pool.close()

    def get_attr(self, attr_name: str, indices: VecEnvIndices = None) -> list[Any]:
        """EnvPool's environments have no attributes."""
        return [None] * self.num_envs

    def set_attr(self, attr_name: str, value: Any, indices: VecEnvIndices = None) -> None:
        """EnvPool's environments have no attributes."""

    def env_method(self, method_name: str, *args: Any, indices: VecEnvIndices = None, **kwargs: Any) -> list[Any]:
        """EnvPool's environments have no methods."""
        return [None] * self.num_envs

    def env_is_wrapped(self, wrapper_class: type[gymnasium.Wrapper], indices: VecEnvIndices = None) -> list[bool]:
        """EnvPool's environments are not wrapped."""
        return [False] * self.num_envs


def _makers(environment: str, count: int) -> Sequence[Callable[[], gymnasium.Env]]:
    return [lambda: gymnasium.make(environment)] * count


def _trainer(env: VecEnv, epochs: int, minibatch: int) -> Callable[[float], int]:
    normalised = VecNormalize(env, gamma=0.99)
    return _slices(
        PPO("MlpPolicy", normalised, n_steps=ROLLOUT, batch_size=minibatch, n_epochs=epochs, device="cpu", seed=0)
    )


def _slices(model: PPO) -> Callable[[float], int]:
    def train(seconds: float) -> int:
        before = model.num_timesteps
        with suppress(TimeoutError):
            model.learn(10**9, callback=Deadline(seconds), reset_num_timesteps=False)
        return model.num_timesteps - before

    return train


def own_hyperparameters(environment: str, epochs: int, minibatch: int) -> Callable[[float], int]:
    """One environment and all that Stable-Baselines3 has for defaults, PyTorch on one core: epochs and minibatch are its own."""
    torch.set_num_threads(1)
    env = VecNormalize(DummyVecEnv(list(_makers(environment, 1))), gamma=0.99)
    return _slices(PPO("MlpPolicy", env, device="cpu", seed=0))


def dummy(environment: str, epochs: int, minibatch: int) -> Callable[[float], int]:
    """Eight environments in turn in one process, PyTorch on all cores."""
    return _trainer(DummyVecEnv(list(_makers(environment, CANDIDATE_ENVIRONMENTS))), epochs, minibatch)


def subproc(environment: str, epochs: int, minibatch: int) -> Callable[[float], int]:
    """Eight environments in eight processes, PyTorch on all cores."""
    return _trainer(SubprocVecEnv(list(_makers(environment, CANDIDATE_ENVIRONMENTS))), epochs, minibatch)


def one_process(environment: str, epochs: int, minibatch: int) -> Callable[[float], int]:
    """One candidate's process of those that run side by side: eight environments, PyTorch on one core."""
    torch.set_num_threads(1)
    return dummy(environment, epochs, minibatch)


def on_envpool(environment: str, epochs: int, minibatch: int) -> Callable[[float], int]:
    """Sixty-four environments in one EnvPool, PyTorch on all cores."""
    return _trainer(EnvPoolVecEnv(environment, GENERATION_ENVIRONMENTS), epochs, minibatch)
