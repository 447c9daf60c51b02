"""Resolves a card's sources (`obs[5:8]`, `obs.achieved_goal`, `info.x_position`) into columns of one frame.

A frame is everything that one environment shows after one step, as float32 `[F]`: the parts of its observation, then
the entries of `info` that some variable reads. A rollout is frames `[T + 1, M, F]`, so a variable of a whole rollout is
a view of some columns and costs nothing per step.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from envs.card import EnvCard
from envs.errors import CardInvalid

SOURCE = re.compile(r"^(?P<root>obs|info)(?:\.(?P<part>[a-z][a-z0-9_]*))?(?:\[(?P<start>\d+)(?::(?P<stop>\d+))?\])?$")
PREVIOUS = "prev_"
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Columns:
    """Columns `start` to `stop` of a frame; `scalar` says that a single column is shown as `(B,)` and not `(B, 1)`."""

    start: int
    stop: int
    scalar: bool

    def of(self, frames: Floats) -> Floats:
        """These columns of frames `[..., F]`: `[...]` for a scalar, else `[..., n]`."""
        return frames[..., self.start] if self.scalar else frames[..., self.start : self.stop]


@dataclass(frozen=True)
class Transitions:
    """Rollouts of M environments as they happened; a row of `valid` is false in the step that only reset.

    `frames` float32 `[T + 1, M, F]`; `actions`, `previous_actions` float32 `[T, M, A]` as the environment received them;
    `elapsed` int32 `[T, M]`: steps into the episode, counting this one; `rewards` float32 `[T, M]`: the environment's own;
    `terminated`, `truncated`, `valid` bool `[T, M]`.
    """

    frames: Floats
    actions: Floats
    previous_actions: Floats
    elapsed: NDArray[np.int32]
    rewards: Floats
    terminated: NDArray[np.bool_]
    truncated: NDArray[np.bool_]
    valid: NDArray[np.bool_]

    def of(self, columns: slice) -> Transitions:
        """The transitions of some of the environments; views, not copies."""
        return Transitions(
            frames=self.frames[:, columns],
            actions=self.actions[:, columns],
            previous_actions=self.previous_actions[:, columns],
            elapsed=self.elapsed[:, columns],
            rewards=self.rewards[:, columns],
            terminated=self.terminated[:, columns],
            truncated=self.truncated[:, columns],
            valid=self.valid[:, columns],
        )


class Layout:
    """Where each variable, and what the policy sees, stands in a frame of one card's environment.

    Raises `CardInvalid` if a source does not parse, names a part that the card does not list, or has another size
    than the variable says.
    """

    def __init__(self, card: EnvCard) -> None:
        self.card = card
        self._parts: dict[tuple[str, str], tuple[int, int]] = {}
        width = 0
        for part, size in card.observation.items():
            self._parts["obs", part] = (width, width + size)
            width += size
        self.infos = tuple(sorted({source[5:] for source in self._sources() if source.startswith("info.")}))
        for name in self.infos:
            self._parts["info", name] = (width, width + 1)
            width += 1
        self.width = width
        self._variables = {
            variable.name: self._variable(variable.source, variable.name, variable.size) for variable in card.variables
        }
        seen = [self._columns(source, "policy") for source in card.policy]
        self.policy_columns = np.concatenate([np.arange(columns.start, columns.stop) for columns in seen])

    def _sources(self) -> Iterable[str]:
        return (variable.source for variable in self.card.variables)

    def _columns(self, source: str, where: str) -> Columns:
        match = SOURCE.match(source)
        if match is None:
            raise CardInvalid(
                f"{self.card.id}: {where}: expected a source such as obs[5], obs[5:8], obs.desired_goal or "
                f"info.x_position, got {source!r}"
            )
        part = match["part"] or "obs"
        known = self._parts.get((match["root"], part))
        if known is None:
            parts = ", ".join(self.card.observation)
            raise CardInvalid(
                f"{self.card.id}: {where}: source {source!r} names no part of the observation; known: {parts}"
            )
        start, stop = known
        if match["start"] is None:
            return Columns(start, stop, scalar=False)
        first = start + int(match["start"])
        last = start + int(match["stop"]) if match["stop"] else first + 1
        if not start <= first < last <= stop:
            raise CardInvalid(f"{self.card.id}: {where}: source {source!r} reaches outside its {stop - start} entries")
        return Columns(first, last, scalar=match["stop"] is None)

    def _variable(self, source: str, name: str, size: int) -> Columns:
        columns = self._columns(source, f"variable {name!r}")
        found = columns.stop - columns.start
        if found != max(size, 1):
            raise CardInvalid(
                f"{self.card.id}: variable {name!r}: expected size {size}, but {source!r} has {found} entries"
            )
        return Columns(columns.start, columns.stop, scalar=size == 0)

    def variable(self, name: str, frames: Floats) -> Floats:
        """A variable's values in frames `[..., F]`: `[...]`, or `[..., n]` for a vector."""
        return self._variables[name].of(frames)

    def episode(self, frames: Floats) -> dict[str, Floats]:
        """Every variable over one episode's frames `[L + 1, F]`, time first, the state after reset included."""
        return {name: columns.of(frames) for name, columns in self._variables.items()}

    def inputs(self, names: Iterable[str], transitions: Transitions) -> dict[str, Floats]:
        """A reward's inputs `(B,)` or `(B, n)`, contiguous: a row for each valid transition, by time, then environment."""
        valid = transitions.valid
        return {name: np.ascontiguousarray(self._input(name, transitions)[valid], np.float32) for name in names}

    def _input(self, name: str, transitions: Transitions) -> Floats:
        given: Mapping[str, Floats] = {
            "action": transitions.actions,
            "prev_action": transitions.previous_actions,
            "time": transitions.elapsed.astype(np.float32) * np.float32(self.card.dt),
            "terminated": transitions.terminated.astype(np.float32),
        }
        if name in given:
            return given[name]
        if name.startswith(PREVIOUS):
            return self.variable(name.removeprefix(PREVIOUS), transitions.frames[:-1])
        return self.variable(name, transitions.frames[1:])
