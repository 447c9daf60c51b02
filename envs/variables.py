"""Resolves a card's sources (`obs[5:8]`, `info.x_position`, `turns(obs[3:7], z)`, `contact(geom foot)`) on frames.

A frame is everything that is known of one environment after one step, as float32 `[F]`: the parts of its observation, then
the entries of `info` that some variable reads, then the turns that some variable counts. A rollout is frames `[T + 1, M, F]`,
so a variable of a whole rollout is a view of some columns and costs nothing per step. What forward kinematics gives is worked
out from a rollout's frames when a reward or a metric asks for it, and only then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from envs.card import EnvCard
from envs.sources import Posed, Shown, Turned, columns_of, parse_source

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


@dataclass(frozen=True)
class Counter:
    """Turns that a card counts: columns of the quaternion, about which of the body's axes (0, 1, 2), and the count's own column."""

    quaternion: slice
    axis: int
    column: int


class Layout:
    """Where each variable, and what the policy sees, stands in a frame of one card's environment.

    `shown`: columns that the environment fills; `width`: all columns, those of counted turns included. Raises `CardInvalid` for a
    source that cannot be, which a card that was read from a file does not have.
    """

    def __init__(self, card: EnvCard) -> None:
        self.card = card
        self._parts: dict[tuple[str, str], int] = {}
        width = 0
        for part, size in card.observation.items():
            self._parts["obs", part] = width
            width += size
        sources = {variable.name: parse_source(variable.source) for variable in card.variables}
        self.infos = tuple(
            sorted({one.part for one in sources.values() if isinstance(one, Shown) and one.root == "info"})
        )
        for name in self.infos:
            self._parts["info", name] = width
            width += 1
        self.shown = width
        counted = list(dict.fromkeys(one for one in sources.values() if isinstance(one, Turned)))
        self.counters = tuple(
            Counter(slice(*self._span(one.quaternion)), one.axis, width + i) for i, one in enumerate(counted)
        )
        self.width = width + len(counted)
        self._columns: dict[str, Columns] = {}
        self._posed: dict[str, Posed] = {}
        for variable in card.variables:
            source = sources[variable.name]
            if isinstance(source, Posed):
                self._posed[variable.name] = source
            else:
                start, stop = self._place(source, counted)
                self._columns[variable.name] = Columns(start, stop, scalar=variable.size == 0)
        self.policy_columns = np.concatenate([np.arange(*self._shown_span(source)) for source in card.policy])
        posing = card.kinematics.positions if card.kinematics else ()
        self._positions = [self._shown_span(source) for source in posing]

    def _place(self, source: Shown | Turned, counted: list[Turned]) -> tuple[int, int]:
        if isinstance(source, Shown):
            return self._span(source)
        column = self.shown + counted.index(source)
        return column, column + 1

    def _shown_span(self, text: str) -> tuple[int, int]:
        source = parse_source(text)
        assert isinstance(source, Shown)
        return self._span(source)

    def _span(self, source: Shown) -> tuple[int, int]:
        first, last = columns_of(source, self.card.observation, f"{source.root}.{source.part}")
        start = self._parts[source.root, source.part]
        return start + first, start + last

    @property
    def free(self) -> tuple[str, ...]:
        """The variables that stand in frames, and so cost nothing; the others are worked out by forward kinematics."""
        return tuple(self._columns)

    def values(self, names: Iterable[str], frames: Floats) -> dict[str, Floats]:
        """Some variables' values in frames `[..., F]`: `[...]`, or `[..., n]` for a vector."""
        wanted = list(dict.fromkeys(names))
        found = {name: self._columns[name].of(frames) for name in wanted if name in self._columns}
        if posed := tuple(dict.fromkeys(self._posed[name] for name in wanted if name not in self._columns)):
            from envs.kinematics import kinematics  # brings MuJoCo, which most rewards do without

            flat = frames.reshape(-1, frames.shape[-1])
            positions = np.concatenate([flat[:, first:last] for first, last in self._positions], axis=1)
            quantities = kinematics(self.card, posed).values(positions)
            for name in wanted:
                if name not in found:
                    values = quantities[self._posed[name]]
                    found[name] = values.reshape(frames.shape[:-1] + values.shape[1:])
        return found

    def variable(self, name: str, frames: Floats) -> Floats:
        """One variable's values in frames `[..., F]`."""
        return self.values([name], frames)[name]

    def inputs(self, names: Iterable[str], transitions: Transitions) -> dict[str, Floats]:
        """A reward's inputs `(B,)` or `(B, n)`, contiguous: a row for each valid transition, by time, then environment."""
        names, valid = tuple(names), transitions.valid
        given: Mapping[str, Floats] = {
            "action": transitions.actions,
            "prev_action": transitions.previous_actions,
            "time": transitions.elapsed.astype(np.float32) * np.float32(self.card.dt),
            "terminated": transitions.terminated.astype(np.float32),
        }
        read = [name.removeprefix(PREVIOUS) for name in names if name not in given]
        variables = self.values(read, transitions.frames)

        def of(name: str) -> Floats:
            if name in given:
                return given[name]
            if name.startswith(PREVIOUS):
                return variables[name.removeprefix(PREVIOUS)][:-1]
            return variables[name][1:]

        return {name: np.ascontiguousarray(of(name)[valid], np.float32) for name in names}
