"""EnvPool: MuJoCo environments stepped by threads of C++ (Weng et al. 2022, arXiv:2206.10558)."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from envs.card import EnvCard, place_of
from envs.engines.engine import EngineStep
from envs.errors import CardMismatch, unknown
from envs.variables import Layout


class EnvPoolEngine:
    """One EnvPool of `len(seeds)` environments of a card; seeds are 31 bits each.

    Raises `CardMismatch` if there is no such task, or if its arguments, observation or action are not what the card says.
    In the first frame of an episode EnvPool gives most infos as 0, whatever the state: what must be right there is for
    the observation to show. It tells a fall in the last step allowed as a truncation.
    """

    def __init__(self, layout: Layout, seeds: Sequence[int], threads: int | None = None) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the package warns about its own dependencies when it is first imported
            import envpool

        card = layout.card
        self._layout = layout
        tasks = envpool.list_all_envs()
        if card.engine.task not in tasks:
            told = unknown("EnvPool task", card.engine.task, tasks)
            raise CardMismatch(f"{place_of(card, 'engine', 'task')}: {told}")
        try:
            self._pool = envpool.make_gymnasium(
                card.engine.task,
                num_envs=len(seeds),
                env_seed=[int(seed) for seed in seeds],
                num_threads=min(len(seeds), threads or os.cpu_count() or 1),
                max_episode_steps=card.max_steps,
                **card.engine.arguments,
            )
        except TypeError as error:
            raise CardMismatch(
                f"{place_of(card, 'engine', 'arguments')}: {card.engine.task} does not take the arguments "
                f"{card.engine.arguments}: {error}"
            ) from error
        self._check(card)
        # What its public `send` and `recv` wrap: they build a tree of names in Python for every step, longer than acting takes.
        self._keys: list[str] = list(self._pool._state_keys)
        self._ends = [self._keys.index(key) for key in ("done", "trunc", "reward")]
        self._ids = np.arange(len(seeds), dtype=np.int32)

    def _check(self, card: EnvCard) -> None:
        actions = self._pool.action_space
        if not hasattr(actions, "low"):
            raise CardMismatch(
                f"{place_of(card, 'engine', 'task')}: expected an environment with a continuous action space, got "
                f"{card.engine.task} with {actions}; policies here command real numbers"
            )
        space = self._pool.observation_space
        parts = {"obs": space} if hasattr(space, "shape") and space.shape else dict(space.spaces)
        actual = {name: int(np.prod(part.shape)) for name, part in parts.items()}
        if actual != card.observation:
            raise CardMismatch(
                f"{place_of(card, 'observation')}: the card says observation {card.observation}, the environment has {actual}"
            )
        size = int(np.prod(actions.shape))
        if size != card.action.size:
            raise CardMismatch(
                f"{place_of(card, 'action', 'names')}: the card names {card.action.size} actuators, the environment has {size}"
            )
        bounds = float(actions.low.min()), float(actions.high.max())
        if not np.allclose(bounds, (card.action.low, card.action.high)):
            raise CardMismatch(
                f"{place_of(card, 'action', 'low')}: the card says that actions lie in [{card.action.low}, {card.action.high}], "
                f"the environment clips them to [{bounds[0]:.6g}, {bounds[1]:.6g}]"
            )
        self._action_type = actions.dtype

    def reset(self) -> NDArray[np.float32]:
        """Starts every environment; their first frames `[M, F]`, float32.

        Raises `CardMismatch` for an `info` that is not there or is no single number.
        """
        infos = [key.removeprefix("info:") for key in self._keys if key.startswith("info:")]
        missing = [name for name in self._layout.infos if name not in infos]
        if missing:
            known = sorted(name for name in infos if name not in ("env_id", "players.env_id"))
            raise CardMismatch(
                f"{_reading(self._layout.card, missing[0])}: no info {', '.join(missing)}; the environment gives {', '.join(known)}"
            )
        parts = self._layout.card.observation if len(self._layout.card.observation) > 1 else ()
        shown = [f"obs:{part}" for part in parts] or ["obs"]
        self._shown = [self._keys.index(key) for key in (*shown, *(f"info:{name}" for name in self._layout.infos))]
        self._pool.async_reset()
        state = self._pool._recv()
        for name in self._layout.infos:
            size = state[self._keys.index(f"info:{name}")].size // len(self._ids)
            if size != 1:
                raise CardMismatch(
                    f"{_reading(self._layout.card, name)}: expected an info of one number, got {size} of {name}"
                )
        return self._frames(state)

    def step(self, actions: NDArray[np.float32]) -> EngineStep:
        """Steps every environment with actions `[M, A]`, float32, within the card's bounds."""
        self._pool._send([self._ids, self._ids, actions.astype(self._action_type)])
        state = self._pool._recv()
        ended, truncated, rewards = (state[at] for at in self._ends)
        return EngineStep(self._frames(state), rewards.astype(np.float32, copy=False), ended, truncated)

    def _frames(self, state: list[NDArray[np.generic]]) -> NDArray[np.float32]:
        columns = [state[at].reshape(len(self._ids), -1) for at in self._shown]
        if len(columns) == 1:
            return columns[0].astype(np.float32)
        return np.concatenate(columns, axis=1, dtype=np.float32, casting="same_kind")

    def close(self) -> None:
        """Frees the environments and their threads."""
        self._pool.close()


def _reading(card: EnvCard, info: str) -> str:
    """Where a card has the first variable of an info."""
    sources = [variable.source for variable in card.variables]
    return place_of(card, "variables", sources.index(f"info.{info}"), "source")
