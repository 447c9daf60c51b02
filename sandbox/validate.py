"""Probes a reward on real transitions and returns a Verdict: faults reject it, notes are for whoever improves it.

Faults: refused syntax, an exception, a wrong shape or dtype, values that are not finite, inputs that are not left alone,
different results for the same inputs (purity), rows that depend on one another (a permuted, a split and a single-row
batch), and a process that is late or dies. Notes: see `sandbox.findings`. A probe of a sane reward takes some 20 calls.
"""

from __future__ import annotations

import re
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
from sandbox.policy import check_reward
from sandbox.probes import BUDGET_SECONDS, Inputs, probe
from sandbox.reward import DEFAULT_LIMITS, Limits
from sandbox.rows import shown

Transitions = Mapping[str, NDArray[np.float32]]

MIN_TRANSITIONS: Final = 4096
_MOST_CHARACTERS: Final = 1200
_FIRST_ROW: Final = re.compile(r"first in row (\d{1,9})(?=;)")


@dataclass(frozen=True)
class Verdict:
    """What validation found.

    `accepted`: no faults; `components`: the total's figures are in `total`; `ignored_inputs`: parameters that the total does
    not move with, empty where there are faults; `seconds_per_transition`: of the fastest call of the whole batch;
    `transitions`: how many rows were probed. The figures are None or empty where the first call gave nothing.
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


def validate(
    source: str, transitions: Transitions, limits: Limits = DEFAULT_LIMITS, budget_seconds: float = BUDGET_SECONDS
) -> Verdict:
    """Checks a source and probes it on B >= 4,096 transitions, best of random and of trained policies.

    `transitions`: every known name -> (B,) or (B, n), finite float32; `budget_seconds`: for all calls together, beside the
    deadline of each. Never raises RewardFault: that becomes a fault of the Verdict. Raises SandboxFault, and ValueError for
    transitions that are too few, of several lengths, not (B,) or (B, n), or not finite.
    """
    sizes, rows = _sizes(transitions)
    try:
        checked = check_reward(source, sizes)
    except RewardRejected as rejected:
        return Verdict(False, rejected.faults)
    inputs = {name: _finite(name, transitions[name]) for name in checked.parameters}
    try:
        probed = probe(checked, sizes, inputs, rows, limits, budget_seconds)
    except RewardFault as error:
        return Verdict(False, (_fault(error, inputs, rows),), parameters=checked.parameters, transitions=rows)
    total, components = statistics(probed.batch, probed.moves)
    return Verdict(
        not probed.faults,
        probed.faults,
        () if probed.faults else findings(probed, inputs, total, components),
        checked.parameters,
        total,
        components,
        tuple(name for name, moved in probed.moves.items() if not moved.total),
        probed.seconds / rows,
        rows,
    )


def _sizes(transitions: Transitions) -> tuple[dict[str, int], int]:
    """The size of each name, 0 for a scalar per row, and the number of rows. Raises ValueError."""
    shapes = {name: np.shape(array) for name, array in transitions.items()}
    rows = {shape[0] if shape else 0 for shape in shapes.values()}
    if len(rows) != 1 or min(rows) < MIN_TRANSITIONS:
        raise ValueError(
            f"expected one and the same number of transitions, {MIN_TRANSITIONS} or more, got {sorted(rows)}"
        )
    if wrong := {name: shape for name, shape in shapes.items() if len(shape) > 2 or 0 in shape}:
        raise ValueError(f"expected transitions of shape (B,) or (B, n), got {wrong}")
    return {name: shape[1] if len(shape) == 2 else 0 for name, shape in shapes.items()}, rows.pop()


def _finite(name: str, array: NDArray[np.float32]) -> NDArray[np.float32]:
    values = np.ascontiguousarray(array, np.float32)
    if not np.isfinite(values).all():
        row = int(np.argmax(~np.isfinite(values).reshape(len(values), -1).all(axis=1)))
        raise ValueError(f"expected finite transitions, got {shown({name: values}, row)}")
    return values


def _fault(error: RewardFault, inputs: Inputs, rows: int) -> Fault:
    """A fault of the code as the verdict tells it: its row with the inputs it had, its text on one line and of bounded length."""
    message = _bounded(str(error))
    if isinstance(error, RewardRaised):
        changed = "read-only" in error.detail or "WRITEABLE" in error.detail
        code = "inputs.changed" if changed else "raised"
        return Fault(code, message, error.line, None if error.line is None else 1)
    if isinstance(error, RewardMisshapen):
        # The code's own process names the row; the inputs are added here, where they can be trusted.
        named = _FIRST_ROW.search(message)
        if named and int(named[1]) < rows:
            message = _bounded(_FIRST_ROW.sub(f"first in {shown(inputs, int(named[1]))}", message, count=1))
        return Fault("misshapen", message)
    if isinstance(error, RewardTimeout):
        return Fault("timeout", f"{message} (the batch had {rows} transitions)")
    return Fault("killed" if isinstance(error, RewardKilled) else "fault", message)


def _bounded(text: str) -> str:
    """On one line; what is too long loses its middle: what went wrong stands first, what to write instead last."""
    line = " ".join(text.split())
    half = _MOST_CHARACTERS // 2
    return line if len(line) <= _MOST_CHARACTERS else f"{line[:half]} … {line[-half:]}"
