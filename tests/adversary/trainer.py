"""The caller that lives through the whole corpus: every attack in the sandbox runs beside all others."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from sandbox import CheckedReward, RewardBatch, RewardFault, SandboxedReward, SandboxError, Zygote, check_reward
from tests.adversary.attack import Effect
from tests.adversary.caller import observed
from tests.adversary.calls import call_many, inputs_of
from tests.adversary.limits import LIMITS, START_SECONDS
from tests.adversary.outcome import Mode
from tests.adversary.report import Report, Request
from tests.adversary.state import CallerState
from tests.adversary.unchecked import unchecked


class Trainer:
    """A caller that lives through the whole corpus, with one zygote and one sane reward open all the time."""

    def __init__(self, state: CallerState) -> None:
        self._state = state
        self._zygote = Zygote()
        self._zygote.start()
        self._sane = check_reward("def compute_reward(x):\n    return 2.0 * x, {'twice': 2.0 * x}", {"x": 0})
        self._beside = SandboxedReward(self._sane, {"x": 0}, 8, zygote=self._zygote).open()
        self._zygote_pid = self._zygote.pid
        for _ in range(2):
            self._still_works(Report())

    @property
    def zygote_pid(self) -> int:
        assert self._zygote_pid is not None
        return self._zygote_pid

    def perform(self, request: Request) -> Report:
        """Runs one attack in the sandbox, and then a sane reward on the same zygote."""
        report = observed(request, self._state, self._run)
        self._still_works(report)
        return report

    def _run(self, request: Request, report: Report) -> None:
        start = time.monotonic()
        checked = _check(request, report)
        report.on_time("the check", start, 0.0)
        if checked is not None:
            self._open_and_call(checked, request, report)

    def _open_and_call(self, checked: CheckedReward, request: Request, report: Report) -> None:
        start = time.monotonic()
        reward = SandboxedReward(checked, {"x": 0}, 8, LIMITS, self._zygote)
        try:
            with reward:
                report.on_time("the start", start, START_SECONDS)
                call_many(lambda x: _call_sandboxed(reward, x, request.secret), request, report)
        except Exception as error:  # noqa: BLE001
            report.judge_fault(error)
            report.on_time("the start", start, START_SECONDS)

    def _still_works(self, report: Report) -> None:
        x = inputs_of(5)
        try:
            with SandboxedReward(self._sane, {"x": 0}, 8, zygote=self._zygote) as another:
                results = [another({"x": x}), self._beside({"x": x})]
        except SandboxError as error:
            report.noticed(Effect.CALLER, f"a sane reward on the same zygote failed afterwards: {error}")
            return
        if not all(np.array_equal(one.total, 2.0 * x) for one in results):
            report.noticed(Effect.CALLER, "a sane reward on the same zygote gave wrong numbers afterwards")
        if self._zygote.pid != self._zygote_pid:
            report.noticed(Effect.CALLER, "the zygote was lost")


def _check(request: Request, report: Report) -> CheckedReward | None:
    """What would be run: with the process layer alone, whatever the parser takes, with the real NumPy."""
    try:
        if request.mode is Mode.BOTH:
            return check_reward(request.source, {"x": 0})
        return unchecked(f"import numpy as np, math\n{request.source}")
    except RewardFault as refused:
        report.hear_error(refused)
    except (SyntaxError, RecursionError, MemoryError, ValueError, SystemError) as error:
        report.hear_error(error)
        if request.mode is Mode.BOTH:
            report.noticed(Effect.CALLER, f"the check of the source raised {type(error).__name__}")
    return None


def _call_sandboxed(reward: SandboxedReward, x: NDArray[np.float32], secret: str) -> RewardBatch:
    api_key = secret  # noqa: F841
    return reward({"x": x})
