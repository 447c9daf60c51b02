"""Calls of a hostile reward, as a trainer makes them, and what may be believed of its answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sandbox import RewardBatch
from tests.adversary.attack import Effect
from tests.adversary.limits import CALL_SECONDS
from tests.adversary.report import Report, Request

_CALLS: Final = 3000
"""Of an attack on the protocol: more doorbells than a pipe holds."""
_FAULTS: Final = 3
_CALLS_LOOKED_AT: Final = 3
_USED_SECONDS: Final = 0.02
"""How long a trainer works with an answer, which must not change meanwhile."""


def inputs_of(call: int) -> NDArray[np.float32]:
    """The inputs of the call with this number; no two calls have the same."""
    return np.arange(8, dtype=np.float32) + np.float32(call)


def call_many(
    call: Callable[[NDArray[np.float32]], RewardBatch], request: Request, report: Report, most: int = _CALLS
) -> None:
    """Calls a reward once, or as an attack on the protocol is called: again and again, each answer held against the true one."""
    before: tuple[RewardBatch, NDArray[np.float32]] | None = None
    faults = 0
    for number in range(1, (most if request.tampers else 1) + 1):
        if before and dishonest(*before):
            report.noticed(Effect.BELIEVED, f"the answer to call {number - 1} changed after it was given")
            break
        x = inputs_of(number)
        start = time.monotonic()
        try:
            batch = call(x)
        except Exception as error:  # noqa: BLE001
            report.on_time(f"call {number}", start, CALL_SECONDS)
            report.judge_fault(error)
            faults, before = faults + 1, None
            if faults == _FAULTS:
                break
            continue
        report.on_time(f"call {number}", start, CALL_SECONDS)
        if number == 1:
            report.hear_answer((batch.total, batch.components))
        if request.tampers:
            lie = dishonest(batch, x)
            if lie:
                report.noticed(Effect.BELIEVED, f"call {number}: {lie}")
                break
            before = (batch, x)
            if number <= _CALLS_LOOKED_AT:
                time.sleep(_USED_SECONDS)


def dishonest(batch: RewardBatch, x: NDArray[np.float32]) -> str | None:
    """What an answer says that the code of an attack on the protocol never returned: that is `x, {'x': x}`."""
    if tuple(batch.components) != ("x",):
        return f"the components are {tuple(batch.components)!r:.200}"
    if batch.broadcast:
        return f"one number is said to stand for all of {sorted(batch.broadcast)}"
    for what, column in (("total", batch.total), ("component", batch.components["x"])):
        # A credulous caller holds a view, which may change between two looks.
        held = column.copy()
        if not np.array_equal(held, x):
            return f"the {what} is {held}, computed was {x}"
    return None
