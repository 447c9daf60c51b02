"""The calls that validation makes, and what they show: purity, independence of rows, sensitivity, and what lies further out.

Faults are found by calling the reward again with what must give the same: the same batch, the same rows in other
batches, and the same rows as the first batch of a fresh process. What it moves with is found by giving it, for one input
at a time, the values of other transitions.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sandbox.errors import Fault, RewardMisshapen, RewardRaised, RewardTimeout
from sandbox.hints import printable
from sandbox.policy import CheckedReward
from sandbox.reward import Limits, RewardBatch, SandboxedReward
from sandbox.rows import shown

Inputs = Mapping[str, NDArray[np.float32]]
STRETCH: Final = 3.0
BUDGET_SECONDS: Final = 20.0

_SEED: Final = 20_250
_MOST_FAULTS: Final = 3
# Sums in float32 may round differently where their vectorised blocks begin elsewhere.
_RELATIVE_TOLERANCE: Final = 1e-4
_SCALE_TOLERANCE: Final = 1e-5
_BOUNDED: Final = frozenset({"action", "prev_action", "time", "terminated"})
_KEEP_NOTHING: Final = "keep nothing between calls (no lists, counters or running means at module level)"


@dataclass(frozen=True)
class Moved:
    """What changes with one input: the total, and which components."""

    total: bool
    components: frozenset[str]


@dataclass(frozen=True)
class Probed:
    """What the probes found: `batch` is the first call's; `moves` says for each input what moves with it.

    `fragile`: what goes wrong further out than was recorded, None where nothing does. `moves` and `fragile` are empty
    where there are faults. `seconds`: of the fastest call of the whole batch.
    """

    faults: tuple[Fault, ...]
    batch: RewardBatch
    moves: dict[str, Moved]
    fragile: str | None
    seconds: float


class _Clock:
    """Calls one reward after the other, times the calls of whole batches, and stops where all of them take too long."""

    def __init__(self, rows: int, seconds: float) -> None:
        self.fastest = float("inf")
        self._rows = rows
        self._budget = seconds
        self._end = time.perf_counter() + seconds

    def call(self, reward: SandboxedReward, inputs: Inputs) -> RewardBatch:
        """One call. Raises RewardTimeout where the budget is spent, and what the reward raises."""
        start = time.perf_counter()
        if start > self._end:
            raise RewardTimeout(
                f"no verdict within {self._budget:g} s: one call with {self._rows} transitions took {self.fastest:.2g} s, "
                "expected a few milliseconds; use array expressions, not loops over rows"
            )
        batch = reward(inputs)
        if len(batch.total) == self._rows:
            self.fastest = min(self.fastest, time.perf_counter() - start)
        return batch


def probe(
    checked: CheckedReward, sizes: Mapping[str, int], inputs: Inputs, rows: int, limits: Limits, seconds: float
) -> Probed:
    """Runs every probe on `inputs`, (B,) or (B, n) float32 each, within `seconds`. Raises RewardFault and SandboxFault."""
    clock = _Clock(rows, seconds)
    with SandboxedReward(checked, sizes, rows, limits) as reward:
        first = clock.call(reward, inputs)
        faults = _repeated(clock, reward, inputs, first, "in the next call")
        if inputs and not faults:
            dependent = _dependent(clock, reward, inputs, first)
            # State shows as dependence first, where it needed more than two calls to change anything.
            faults = _repeated(clock, reward, inputs, first, "after calls with other rows") or dependent
        if inputs and not faults:
            faults = _fresh(clock, SandboxedReward(checked, sizes, rows, limits), inputs, first)
        if faults:
            return Probed(tuple(faults), first, {}, None, clock.fastest)
        moves = _moves(clock, reward, inputs, first)
        return Probed((), first, moves, _fragile(clock, reward, inputs), clock.fastest)


def _at(inputs: Inputs, chosen: NDArray[np.intp]) -> dict[str, NDArray[np.float32]]:
    return {name: np.ascontiguousarray(array[chosen]) for name, array in inputs.items()}


def _place(error: RewardRaised | RewardMisshapen) -> tuple[int | None, int | None]:
    """Line and column of the source, where they are known: of a line that raised, its first column stands for all."""
    line = error.line if isinstance(error, RewardRaised) else None
    return line, None if line is None else 1


def _columns(batch: RewardBatch) -> dict[str, NDArray[np.float32]]:
    """Everything that was returned, by what it is called in messages; the components first, for the total is their victim."""
    return {f"component '{name}'": array for name, array in batch.components.items()} | {"the total": batch.total}


def _repeated(clock: _Clock, reward: SandboxedReward, inputs: Inputs, first: RewardBatch, when: str) -> list[Fault]:
    """Whether the same batch gives the same again, bit for bit."""
    try:
        again = clock.call(reward, inputs)
    except (RewardRaised, RewardMisshapen) as error:
        message = (
            f"the first call gave results, and the same inputs {when} failed: {printable(str(error))}; {_KEEP_NOTHING}"
        )
        return [Fault("impure", message, *_place(error))]
    for (what, one), other in zip(_columns(first).items(), _columns(again).values(), strict=True):
        if not np.array_equal(one, other):
            row = int(np.argmax(one != other))
            message = (
                f"{what} differs between two calls with the same inputs: expected {one[row]:.6g} as at first, got "
                f"{other[row]:.6g} {when}, in {shown(inputs, row)}; {_KEEP_NOTHING}"
            )
            return [Fault("impure", message)]
    return []


def _dependent(clock: _Clock, reward: SandboxedReward, inputs: Inputs, first: RewardBatch) -> list[Fault]:
    """Compares the rows of other batches with the same rows of the whole one."""
    rows = len(first.total)
    order = np.random.default_rng(_SEED).permutation(rows)
    probes: list[tuple[str, NDArray[np.intp]]] = [
        ("in another order", order),
        ("in a smaller batch", np.arange(rows // 3)),
        ("in a smaller batch", np.arange(rows // 3, rows)),
        ("alone, in a batch of one row,", order[:1]),
    ]
    for how, chosen in probes:
        try:
            part = clock.call(reward, _at(inputs, chosen))
        except (RewardRaised, RewardMisshapen) as error:
            message = f"the same rows {how} fail: {printable(str(error))}; the code must work for any number of rows"
            return [Fault("rows.fail", message, *_place(error))]
        wrong = _differences(first, part, chosen)
        if wrong:
            return [_dependence(what, at, values, how, inputs) for what, at, values in wrong[:_MOST_FAULTS]]
    return []


def _dependence(what: str, row: int, values: tuple[float, float], how: str, inputs: Inputs) -> Fault:
    message = (
        f"{what} of a transition depends on the other transitions of its batch: expected {values[0]:.6g} as in the whole "
        f"batch, got {values[1]:.6g} {how} in {shown(inputs, row)}; reduce vectors with axis=-1 and never over the batch "
        "(no np.mean(x), x.max(), np.std(x) or x[-1] over all rows)"
    )
    return Fault("rows.dependent", message)


def _differences(
    first: RewardBatch, part: RewardBatch, chosen: NDArray[np.intp]
) -> list[tuple[str, int, tuple[float, float]]]:
    """What gave other values for the chosen rows: its name, the first such row, expected and actual value.

    The total is named only where no component is wrong.
    """
    found: list[tuple[str, int, tuple[float, float]]] = []
    for (what, whole), column in zip(_columns(first).items(), _columns(part).values(), strict=True):
        expected = whole[chosen].astype(np.float64)
        tolerance = _RELATIVE_TOLERANCE * np.abs(expected) + _SCALE_TOLERANCE * float(np.std(whole, dtype=np.float64))
        wrong = np.abs(column - expected) > tolerance
        if wrong.any() and not (found and what == "the total"):
            at = int(np.argmax(wrong))
            found.append((what, int(chosen[at]), (float(expected[at]), float(column[at]))))
    return found


def _fresh(clock: _Clock, reward: SandboxedReward, inputs: Inputs, first: RewardBatch) -> list[Fault]:
    """Whether a process that sees other rows first gives the same: code may keep what its first batch was like."""
    rows = len(first.total)
    chosen = np.arange(rows // 3, rows)
    # Other names than the first process gave are a fault as well.
    reward.component_names = tuple(first.components)
    with reward:
        try:
            part = clock.call(reward, _at(inputs, chosen))
        except (RewardRaised, RewardMisshapen) as error:
            message = f"rows that gave results fail as the first batch of a fresh process: {printable(str(error))}; {_KEEP_NOTHING}"
            return [Fault("impure", message, *_place(error))]
    return [
        Fault(
            "impure",
            f"{what} depends on what the first call was given: expected {expected:.6g}, got {actual:.6g} in a fresh process "
            f"that began with other rows, in {shown(inputs, row)}; {_KEEP_NOTHING}",
        )
        for what, row, (expected, actual) in _differences(first, part, chosen)[:_MOST_FAULTS]
    ]


def _moves(clock: _Clock, reward: SandboxedReward, inputs: Inputs, first: RewardBatch) -> dict[str, Moved]:
    """What changes anywhere when an input takes its values from other transitions, or 1 more where all have the same."""
    order = np.random.default_rng(_SEED + 1).permutation(len(first.total))
    moves: dict[str, Moved] = {}
    for name, array in inputs.items():
        other = array + np.float32(1) if (array == array[0]).all() else np.ascontiguousarray(array[order])
        try:
            batch = clock.call(reward, {**inputs, name: other})
        except (RewardRaised, RewardMisshapen):
            # Values that never met fail together: the code reads this input, and what moves with it cannot be told.
            moves[name] = Moved(True, frozenset(first.components))
            continue
        changed = [
            part for part, column in first.components.items() if not np.array_equal(batch.components[part], column)
        ]
        moves[name] = Moved(not np.array_equal(batch.total, first.total), frozenset(changed))
    return moves


def _fragile(clock: _Clock, reward: SandboxedReward, inputs: Inputs) -> str | None:
    """What goes wrong when everything that has no known bounds lies further out than was recorded."""
    stretched = {name: array if name in _BOUNDED else _stretched(array) for name, array in inputs.items()}
    try:
        clock.call(reward, stretched)
    except (RewardRaised, RewardMisshapen) as error:
        return str(error)
    return None


def _stretched(array: NDArray[np.float32]) -> NDArray[np.float32]:
    """Values (B,) or (B, n) three times as far from their middle; those of one sign keep it."""
    low, high = array.min(axis=0), array.max(axis=0)
    middle = (low + high) / 2
    out = middle + np.float32(STRETCH) * (array - middle)
    clipped = np.clip(out, np.where(low >= 0, low, -np.inf), np.where(high <= 0, high, np.inf))
    return np.ascontiguousarray(clipped, np.float32)
