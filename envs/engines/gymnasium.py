"""Gymnasium: a card's reference environment, the implementation that people publish results on.

It steps in Python, one environment after the other, and is there for what must be looked at closely: replays, and the
proof that EnvPool's physics are the same.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import gymnasium
import mujoco
import numpy as np
from numpy.typing import NDArray

from envs.card import EnvCard, place_of
from envs.engines.engine import EngineStep
from envs.errors import CardMismatch
from envs.reference import Observation, make_reference
from envs.variables import Layout

Info = Mapping[str, float]
log = logging.getLogger(__name__)


def _warned(message: str) -> None:
    log.warning("MuJoCo: %s", message)


mujoco.set_mju_user_warning(_warned)  # it would write MUJOCO_LOG.TXT into whatever folder the process works in


class GymnasiumEngine:
    """The reference environments of a card, one for each seed; autoreset, ends and frames are as EnvPool gives them.

    An `info` that the environment does not give after a reset is 0 in the first frame. A fall in the last step allowed is a
    truncation. Raises `ReferenceUnavailable` if Gymnasium has no such environment here, and `CardMismatch` if its arguments,
    observation, infos or action are not what the card says.
    """

    def __init__(self, layout: Layout, seeds: Sequence[int]) -> None:
        self._layout = layout
        self._seeds = seeds
        self._environments = [make_reference(layout.card) for _ in seeds]
        self._check(layout.card)

    def _check(self, card: EnvCard) -> None:
        environment, reference = self._environments[0], card.engine.reference
        actual = _sizes(environment.observation_space)
        if actual != card.observation:
            raise CardMismatch(
                f"{place_of(card, 'observation')}: the card says observation {card.observation}, "
                f"the reference {reference} has {actual}"
            )
        size = _sizes(environment.action_space).get("obs", 0)
        if size != card.action.size:
            raise CardMismatch(
                f"{place_of(card, 'action', 'names')}: the card names {card.action.size} actuators, "
                f"the reference {reference} has {size}"
            )
        environment.reset(seed=0)
        info = environment.step(np.zeros(size))[4]
        missing = [name for name in self._layout.infos if name not in info]
        if missing:
            raise CardMismatch(
                f"{card.id}: no info {', '.join(missing)}; the reference {reference} gives {', '.join(sorted(info)) or 'none'}"
            )

    def simulation(self, index: int) -> tuple[mujoco.MjModel, mujoco.MjData]:
        """Model and data of one environment, its own and not copies. Raises `CardMismatch` if it is not one of MuJoCo's."""
        inner: object = self._environments[index].unwrapped
        model, data = getattr(inner, "model", None), getattr(inner, "data", None)
        if not isinstance(model, mujoco.MjModel) or not isinstance(data, mujoco.MjData):
            card = self._layout.card
            raise CardMismatch(
                f"{card.id}: expected a reference that MuJoCo steps, got {card.engine.reference}, a {type(inner).__name__}"
            )
        return model, data

    def reset(self) -> NDArray[np.float32]:
        """Starts every environment from its seed; their first frames `[M, F]`, float32."""
        self._ended = np.zeros(len(self._seeds), bool)
        starts = [env.reset(seed=int(seed)) for env, seed in zip(self._environments, self._seeds, strict=True)]
        return np.stack([self._frame(observation, info) for observation, info in starts])

    def step(self, actions: NDArray[np.float32]) -> EngineStep:
        """Steps every environment with actions `[M, A]`, float32, within the card's bounds."""
        wide = actions.astype(np.float64)  # the costs of actions are then what EnvPool makes of them
        frames = np.empty((len(self._seeds), self._layout.shown), np.float32)
        rewards = np.zeros(len(self._seeds), np.float32)
        ended, truncated = np.zeros((2, len(self._seeds)), bool)
        for i, environment in enumerate(self._environments):
            if self._ended[i]:
                observation, info = environment.reset()
            else:
                observation, rewards[i], fallen, truncated[i], info = environment.step(wide[i])
                ended[i] = fallen or truncated[i]
            frames[i] = self._frame(observation, info)
        self._ended = ended
        return EngineStep(frames, rewards, ended, truncated)

    def _frame(self, observation: Observation, info: Info) -> NDArray[np.float32]:
        parts = (
            [observation[name] for name in self._layout.card.observation]
            if isinstance(observation, Mapping)
            else [observation]
        )
        infos = [info.get(name, 0.0) for name in self._layout.infos]
        return np.concatenate([*(part.ravel() for part in parts), infos], dtype=np.float32, casting="same_kind")

    def close(self) -> None:
        """Frees the environments."""
        for environment in self._environments:
            environment.close()


def _sizes(space: gymnasium.Space[object]) -> dict[str, int]:
    """Numbers in each part of a space; one that has no parts is called `obs`, one that is not of real numbers has none."""
    parts = space.spaces if isinstance(space, gymnasium.spaces.Dict) else {"obs": space}
    return {name: int(np.prod(part.shape)) for name, part in parts.items() if isinstance(part, gymnasium.spaces.Box)}
