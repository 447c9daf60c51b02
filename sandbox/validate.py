"""Probes a reward on real transitions and returns a Verdict: faults reject it, notes are for whoever improves it.

Faults: refused syntax, an exception, wrong shapes, values that are not finite, different results for the same inputs
(purity), rows that depend on one another (a permuted, a split and a single-row batch). Notes: see `sandbox.findings`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sandbox.errors import (
    Fault,
    RewardFault,
    RewardKilled,
    RewardMisshapen,
    RewardRaised,
    RewardRejected,
    RewardTimeout,
)
from sandbox.findings import ComponentStatistics, Note, findings, statistics
from sandbox.policy import CheckedReward, check_reward
from sandbox.reward import DEFAULT_LIMITS, Limits, RewardBatch, SandboxedReward

Transitions = Mapping[str, NDArray[np.float32]]

MIN_TRANSITIONS: Final = 64
_SEED: Final = 20_250
_TIMED_CALLS: Final = 3
# Sums in float32 may round differently where their vectorised blocks begin elsewhere.
_RELATIVE_TOLERANCE: Final = 1e-4
_SCALE_TOLERANCE: Final = 1e-5


@dataclass(frozen=True)
class Verdict:
    """What validation found.

    `accepted`: no faults; `components`: the total's figures are in `total`; `ignored_inputs`: parameters that the total does
    not move with; `seconds_per_transition`: of the fastest full call, None where none came to an end; `transitions`: how
    many rows were probed. The figures are None or empty where the code did not run.
    """

    accepted: bool
    faults: tuple[Fault, ...]
    notes: tuple[Note, ...] = ()
    parameters: tuple[str, ...] = ()
    total: ComponentStatistics | None = None
    components: tuple[ComponentStatistics, ...] = ()
    ignored_inputs: tuple[str, ...] = ()
    seconds_per_transition: float | None = None
    transitions: int = 0


def validate(source: str, transitions: Transitions, limits: Limits = DEFAULT_LIMITS) -> Verdict:
    """Checks a source and probes it on B transitions, at best 4,096 or more from random and trained policies.

    `transitions`: every known name -> (B,) or (B, n) float32. Never raises RewardFault: that becomes a fault of the
    Verdict. Raises SandboxFault, and ValueError for fewer than 64 transitions.
    """
    rows = {len(array) for array in transitions.values()}
    if len(rows) != 1 or min(rows) < MIN_TRANSITIONS:
        raise ValueError(
            f"expected one and the same number of transitions, {MIN_TRANSITIONS} or more, got {sorted(rows)}"
        )
    sizes = {name: array.shape[1] if array.ndim == 2 else 0 for name, array in transitions.items()}
    try:
        checked = check_reward(source, sizes)
    except RewardRejected as rejected:
        return Verdict(False, rejected.faults)
    try:
        return _probe(checked, sizes, transitions, rows.pop(), limits)
    except RewardFault as error:
        return Verdict(False, (_fault(error),), parameters=checked.parameters)


def _probe(
    checked: CheckedReward, sizes: Mapping[str, int], transitions: Transitions, rows: int, limits: Limits
) -> Verdict:
    inputs = {name: np.ascontiguousarray(transitions[name], np.float32) for name in checked.parameters}
    with SandboxedReward(checked, sizes, rows, limits) as reward:
        first, seconds = reward(inputs), []
        faults: list[Fault] = []
        for _ in range(_TIMED_CALLS):
            start = time.perf_counter()
            again = reward(inputs)
            seconds.append(time.perf_counter() - start)
        faults += _impure(first, again)
        faults += _dependent(reward, inputs, first, rows) if inputs and not faults else []
        ignored = _ignored(reward, inputs, first, rows)
    fastest = min(seconds) / rows
    total, components = statistics(first)
    return Verdict(
        not faults,
        tuple(faults),
        findings(first, total, components, ignored, fastest),
        checked.parameters,
        total,
        components,
        ignored,
        fastest,
        rows,
    )


def _at(inputs: Transitions, chosen: NDArray[np.intp]) -> dict[str, NDArray[np.float32]]:
    return {name: np.ascontiguousarray(array[chosen]) for name, array in inputs.items()}


def _columns(batch: RewardBatch) -> dict[str, NDArray[np.float32]]:
    return {"the total": batch.total} | {f"component '{name}'": array for name, array in batch.components.items()}


def _impure(first: RewardBatch, again: RewardBatch) -> list[Fault]:
    for (what, one), other in zip(_columns(first).items(), _columns(again).values(), strict=True):
        if not np.array_equal(one, other):
            row = int(np.argmax(one != other))
            message = (
                f"{what} differs between two calls with the same inputs: row {row} gave {one[row]:.6g}, then {other[row]:.6g}; "
                "keep nothing between calls (no lists or counters at module level)"
            )
            return [Fault("impure", message)]
    return []


def _dependent(reward: SandboxedReward, inputs: Transitions, first: RewardBatch, rows: int) -> list[Fault]:
    """Compares the rows of other batches with the same rows of the whole one."""
    order = np.random.default_rng(_SEED).permutation(rows)
    cut = rows // 3
    probes: list[tuple[str, NDArray[np.intp]]] = [
        ("in another order", order),
        ("in a smaller batch", np.arange(cut)),
        ("in a smaller batch", np.arange(cut, rows)),
        ("alone, in a batch of one row,", order[:1]),
    ]
    for how, chosen in probes:
        try:
            part = reward(_at(inputs, chosen))
        except (RewardRaised, RewardMisshapen) as error:
            return [Fault("rows.fail", f"the same rows {how} fail: {error}; the code must work for any number of rows")]
        for (what, whole), column in zip(_columns(first).items(), _columns(part).values(), strict=True):
            fault = _differs(what, how, whole, column, chosen)
            if fault:
                return [fault]
    return []


def _differs(
    what: str, how: str, whole: NDArray[np.float32], part: NDArray[np.float32], chosen: NDArray[np.intp]
) -> Fault | None:
    expected = whole[chosen].astype(np.float64)
    tolerance = _RELATIVE_TOLERANCE * np.abs(expected) + _SCALE_TOLERANCE * float(np.std(whole, dtype=np.float64))
    wrong = np.abs(part - expected) > tolerance
    if not wrong.any():
        return None
    at = int(np.argmax(wrong))
    message = (
        f"{what} of a transition depends on the other transitions of its batch: row {int(chosen[at])} gave "
        f"{expected[at]:.6g}, and {part[at]:.6g} {how}; reduce vectors with axis=-1 and never over the batch "
        "(no np.mean(x), x.max(), np.std(x) or x[-1] over all rows)"
    )
    return Fault("rows.dependent", message)


def _ignored(reward: SandboxedReward, inputs: Transitions, first: RewardBatch, rows: int) -> tuple[str, ...]:
    """Parameters whose values can be exchanged between transitions without any change of the total."""
    order = np.random.default_rng(_SEED + 1).permutation(rows)
    ignored = []
    for name, array in inputs.items():
        try:
            moved = reward({**inputs, name: np.ascontiguousarray(array[order])})
        except (RewardRaised, RewardMisshapen):
            continue
        if np.array_equal(moved.total, first.total):
            ignored.append(name)
    return tuple(ignored)


def _fault(error: RewardFault) -> Fault:
    if isinstance(error, RewardRaised):
        return Fault("raised", str(error), error.line, None if error.line is None else 1)
    codes = {RewardMisshapen: "misshapen", RewardTimeout: "timeout", RewardKilled: "killed"}
    return Fault(codes.get(type(error), "fault"), str(error))
