"""The trainer's side of an attack: runs it in one of the modes, as its own reward, and says what it got and what became of it."""

from __future__ import annotations

import ast
import builtins
import json
import math
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from sandbox import (
    CheckedReward,
    Limits,
    RewardBatch,
    SandboxedReward,
    SandboxError,
    SandboxFault,
    Zygote,
    check_reward,
    worker,
)
from sandbox.errors import RewardFault
from sandbox.program import prepare
from tests.adversary.attack import Effect
from tests.adversary.outcome import Mode, Seen
from tests.adversary.state import CallerState, is_of_children, memory_peaks

CALL_SECONDS: Final = 0.5
START_SECONDS: Final = 1.5
SLACK_SECONDS: Final = 1.0
"""How much later than its deadline a caller may be on a busy machine."""
MEMORY_MIB: Final = 256
FORKED_MIB: Final = 512
"""What a forked caller may add to its address space, so that no attack hurts the machine."""
LIMITS: Final = Limits(call_seconds=CALL_SECONDS, start_seconds=START_SECONDS, memory_mib=MEMORY_MIB)
_MIB: Final = 1 << 20
_CALLER_MAY_GROW: Final = 64 * _MIB
_CALLS: Final = 3000
"""Of an attack on the protocol: more doorbells than a pipe holds."""
_CALLS_LOOKED_AT: Final = 3
_USED_SECONDS: Final = 0.02
"""How long a trainer works with an answer, which must not change meanwhile."""
_MAX_TEXT: Final = 4000
# The module `site` adds these; children of the zygote run without it.
_ADDED: Final = {"copyright", "credits", "exit", "help", "license", "quit", "_"}
EVERY_BUILTIN: Final = tuple(sorted({*dir(builtins)} - _ADDED))

Columns = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Request:
    """What to run, where: `source` with its places filled in; `calls`: how often, with new inputs each time."""

    source: str
    mode: Mode
    folder: str
    secret: str
    tampers: bool

    @classmethod
    def parse(cls, text: str) -> Self:
        fields = json.loads(text)
        return cls(**fields | {"mode": Mode(fields["mode"])})

    def line(self) -> str:
        return json.dumps(asdict(self))


@dataclass
class Report:
    """What a caller says of a run: `told` in brief, every text that came back, and the misdeeds it noticed itself."""

    told: str = "nothing"
    texts: list[str] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)

    def noticed(self, effect: Effect, evidence: str) -> None:
        self.seen.append(Seen(effect, evidence[:600]))

    @classmethod
    def parse(cls, text: str) -> Self:
        fields = json.loads(text)
        return cls(
            fields["told"], fields["texts"], [Seen(Effect(one["effect"]), one["evidence"]) for one in fields["seen"]]
        )

    def line(self) -> str:
        return json.dumps(asdict(self))


def inputs_of(call: int) -> NDArray[np.float32]:
    """The inputs of the call with this number; no two calls have the same."""
    return np.arange(8, dtype=np.float32) + np.float32(call)


def unchecked(source: str) -> CheckedReward:
    """A source that the syntax layer never saw, with every builtin and the real NumPy. Raises what `ast.parse` does."""
    source = f"import numpy as np, math\n{source}"
    return CheckedReward(source, ("x",), ast.parse(source), (), EVERY_BUILTIN)


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
    if request.mode in (Mode.PROCESS, Mode.BOTH) and grown > _CALLER_MAY_GROW:
        report.noticed(Effect.MEMORY, f"the caller grew by {grown // _MIB} MiB")
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
    try:
        if request.mode is Mode.UNPROTECTED:
            names: dict[str, object] = {"np": np, "math": math}
            exec(request.source, names)
            function = names["compute_reward"]
        else:
            checked = check_reward(request.source, {"x": 0})
            function = worker._load(prepare(checked, {"x": 0}, 8)[0])
        _read_answer(_call(function, x, request.secret), report)  # type: ignore[arg-type]
    except BaseException as error:  # noqa: BLE001
        _read_error(error, report)
        if isinstance(error, MemoryError):
            report.noticed(Effect.MEMORY, f"it asked for more than {FORKED_MIB} MiB")
    if not np.array_equal(x, kept):
        report.noticed(Effect.CALLER, "the caller's inputs changed")


def _call(function: Callable[[NDArray[np.float32]], object], x: NDArray[np.float32], secret: str) -> object:
    api_key = secret  # noqa: F841  (what frames are walked for)
    return function(x)


def _call_sandboxed(reward: SandboxedReward, x: NDArray[np.float32], secret: str) -> RewardBatch:
    api_key = secret  # noqa: F841
    return reward({"x": x})


def _read_error(error: BaseException, report: Report) -> None:
    text = str(error)
    report.told = f"{type(error).__name__}: {' '.join(text.split())[:200]}"
    report.texts.append(text)


def _read_answer(result: object, report: Report) -> None:
    total, components = result  # type: ignore[misc]
    report.told = "an answer"
    for name, column in {"total": total, **components}.items():
        numbers = np.atleast_1d(np.asarray(column, dtype=np.float64))
        report.texts += [str(name), "".join(chr(int(one)) if 0 < one < 0x110000 else " " for one in numbers[:4096])]


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
        try:
            checked = check_reward(request.source, {"x": 0}) if request.mode is Mode.BOTH else unchecked(request.source)
        except RewardFault as refused:
            _read_error(refused, report)
        except (SyntaxError, RecursionError, MemoryError, ValueError, SystemError) as error:
            _read_error(error, report)
            if request.mode is Mode.BOTH:
                report.noticed(Effect.CALLER, f"the check of the source raised {type(error).__name__}")
        else:
            self._open_and_call(checked, request, report)
        on_time("the check", start, 0.0, report, all_of_it=START_SECONDS + 2 * CALL_SECONDS)

    def _open_and_call(self, checked: CheckedReward, request: Request, report: Report) -> None:
        start = time.monotonic()
        reward = SandboxedReward(checked, {"x": 0}, 8, LIMITS, self._zygote)
        try:
            with reward:
                on_time("the start", start, START_SECONDS, report)
                call_many(lambda x: _call_sandboxed(reward, x, request.secret), request, report)
        except Exception as error:  # noqa: BLE001
            judge_fault(error, report)
            on_time("the start", start, START_SECONDS, report)

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
            on_time(f"call {number}", start, CALL_SECONDS, report)
            judge_fault(error, report)
            faults, before = faults + 1, None
            if faults == 3:
                break
            continue
        on_time(f"call {number}", start, CALL_SECONDS, report)
        if number == 1:
            _read_answer((batch.total, batch.components), report)
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
        if not np.array_equal(column, x):
            return f"the {what} is {column}, computed was {x}"
    return None


def judge_fault(error: Exception, report: Report) -> None:
    """Takes down what was raised, and whether it was what may be raised for hostile code, in words that may be shown."""
    _read_error(error, report)
    name = type(error).__name__
    if isinstance(error, SandboxFault) or not isinstance(error, SandboxError):
        report.noticed(
            Effect.CALLER, f"hostile code made it raise {name}, which blames the sandbox: {str(error)[:200]}"
        )
    if not str(error).isprintable() or len(str(error)) > _MAX_TEXT:
        report.noticed(
            Effect.BELIEVED,
            f"the text of {name} was taken as it came: {len(str(error))} characters, {str(error)[:80]!r}",
        )


def on_time(what: str, start: float, seconds: float, report: Report, all_of_it: float = 0.0) -> None:
    """Notices that something took longer than its deadline."""
    taken = time.monotonic() - start
    if taken > seconds + all_of_it + SLACK_SECONDS:
        report.noticed(Effect.TIME, f"{what} took {taken:.2f} s")
