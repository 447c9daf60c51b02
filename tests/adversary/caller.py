"""The trainer's side of an attack that runs in its own process, and what every caller is compared by, before and after."""

from __future__ import annotations

import errno
import math
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sandbox import check_reward, worker
from sandbox.program import prepare
from tests.adversary.attack import Effect
from tests.adversary.calls import inputs_of
from tests.adversary.limits import CALL_SECONDS, FORKED_MIB, MIB, TRAINER_MIB
from tests.adversary.outcome import Mode
from tests.adversary.report import Report, Request
from tests.adversary.state import CallerState, is_of_children, memory_peaks


def observed(request: Request, state: CallerState, run: Callable[[Request, Report], None]) -> Report:
    """Runs an attack among the secrets of a caller and compares what the caller was before and after."""
    report = Report()
    os.environ["REWARDSMITH_SECRET"] = request.secret
    sys.modules["__main__"].API_KEY = request.secret  # type: ignore[attr-defined]
    opened = os.open(Path(request.folder) / "secret", os.O_RDONLY)
    before, peaks = state.describe(), memory_peaks()
    run(request, report)
    _compare(before, state.describe(), report)
    grown = memory_peaks()[1] - peaks[1]
    if request.mode in (Mode.PROCESS, Mode.BOTH) and grown > TRAINER_MIB * MIB:
        report.noticed(Effect.MEMORY, f"the caller grew by {grown // MIB} MiB")
    os.close(opened)
    return report


def _compare(before: Mapping[str, str], after: Mapping[str, str], report: Report) -> None:
    for what in before:
        if before[what] != after[what]:
            effect = Effect.PROCESS if is_of_children(what) else Effect.CALLER
            start = next((i for i, (a, b) in enumerate(zip(before[what], after[what], strict=False)) if a != b), 0)
            part = slice(max(0, start - 40), start + 80)
            report.noticed(effect, f"the caller's {what} changed from …{before[what][part]} to …{after[what][part]}")


def run_beside(request: Request, report: Report) -> None:
    """Unprotected, as research scripts do it, or with the syntax layer alone: in the caller itself."""
    x = inputs_of(1)
    kept = x.copy()
    start = time.monotonic()
    try:
        if request.mode is Mode.UNPROTECTED:
            names: dict[str, object] = {"np": np, "math": math}
            # Without the flags of this module, as a script of its own would run it.
            exec(compile(request.source, "<reward>", "exec", dont_inherit=True), names)
            function = names["compute_reward"]
        else:
            checked = check_reward(request.source, {"x": 0})
            function = worker._load(prepare(checked, {"x": 0}, 8)[0])
        report.hear_answer(_call(function, x, request.secret))  # type: ignore[arg-type]
    except BaseException as error:  # noqa: BLE001
        report.hear_error(error)
        if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
            report.noticed(Effect.MEMORY, f"it asked for more than {FORKED_MIB} MiB")
    report.on_time("the call", start, CALL_SECONDS)
    if not np.array_equal(x, kept):
        report.noticed(Effect.CALLER, "the caller's inputs changed")


def _call(function: Callable[[NDArray[np.float32]], object], x: NDArray[np.float32], secret: str) -> object:
    api_key = secret  # noqa: F841  (what frames are walked for)
    return function(x)
