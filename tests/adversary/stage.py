"""The stage: a process of one thread on which attacks are run, one after the other, each in a scene of its own.

Unprotected and with the syntax layer alone an attack runs in a caller forked for it. In the sandbox it runs beside all
others, in one caller with one zygote, which must live through the whole corpus.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import resource
import select
import signal
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Final, NoReturn

from tests.adversary import another_user, credulous
from tests.adversary.attack import Attack, Effect, Family
from tests.adversary.caller import (
    CALL_SECONDS,
    FORKED_MIB,
    MEMORY_MIB,
    SLACK_SECONDS,
    START_SECONDS,
    Report,
    Request,
    Trainer,
    observed,
    run_beside,
)
from tests.adversary.corpus import CORPUS
from tests.adversary.outcome import Mode, Outcome, Seen
from tests.adversary.scene import Scene
from tests.adversary.state import CallerState, memory_peaks

_MIB: Final = 1 << 20
_PR_SET_CHILD_SUBREAPER: Final = 36
_FORKED_SECONDS: Final = CALL_SECONDS + SLACK_SECONDS
_TRAINER_SECONDS: Final = 4 * (START_SECONDS + CALL_SECONDS + SLACK_SECONDS)
_SETTLE_SECONDS: Final = 1.0
_LOOK_SECONDS: Final = 0.01
_MAPPED_MIB: Final = 16
"""What a process of a reward maps beside its own memory, generously."""
_REPORT: Final = 500
"""Where a forked caller holds its report, well above the descriptors that an attack can stumble on."""


class Process:
    """A forked caller, as seen from the stage: lines come from it, and it can be killed."""

    def __init__(self, pid: int, lines: int) -> None:
        self.pid = pid
        self._lines = lines
        self._read = b""

    def line(self, deadline: float) -> str | None:
        """Its next line; None where it has not come yet. Raises EOFError where it will never come."""
        while b"\n" not in self._read:
            if not select.select([self._lines], [], [], max(0.0, deadline - time.monotonic()))[0]:
                return None
            part = os.read(self._lines, 1 << 16)
            if not part:
                raise EOFError
            self._read += part
        line, _, self._read = self._read.partition(b"\n")
        return line.decode()

    def end(self) -> str:
        """Kills and reaps it; says how it had ended."""
        status = 0
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            _, status = os.waitpid(self.pid, 0)
        os.close(self._lines)
        code = os.waitstatus_to_exitcode(status)
        return f"killed by signal {-code}" if code < 0 else f"exit status {code}"


class Stage:
    """Runs attacks; one per process, which must have no other thread and no other children."""

    def __init__(self) -> None:
        if ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
            raise OSError("this process cannot take in orphans")
        self._state = CallerState()
        self._trainer: Process | None = None
        self._requests = -1
        self._zygote = 0

    def perform(self, attack: Attack, mode: Mode) -> Outcome:
        """Runs one attack in one mode."""
        sandboxed = mode in (Mode.PROCESS, Mode.BOTH)
        if sandboxed:
            self._start_trainer()
        start = time.monotonic()
        with Scene() as scene:
            known = descendants(os.getpid())
            seen: list[Seen] = []
            run = self._run_in_trainer if sandboxed else self._run_forked
            told = run(attack, mode, scene, known, seen)
            return Outcome(attack.name, mode, tuple(_once(seen)), told, time.monotonic() - start)

    def _run_forked(self, attack: Attack, mode: Mode, scene: Scene, known: set[int], seen: list[Seen]) -> str:
        caller = _fork(self._state, attack, mode, scene)
        deadline = time.monotonic() + _FORKED_SECONDS
        expected, report, lost = {*known, caller.pid}, None, False
        try:
            greeting = caller.line(deadline)
            if greeting:
                expected.add(json.loads(greeting))
            line = caller.line(deadline) if greeting else None
            report = Report.parse(line) if line else None
        except (EOFError, ValueError):
            lost = True
        wanted = attack.effect if mode is Mode.UNPROTECTED else None
        self._look(scene, expected, report, seen, wanted)
        seen += _memory_taken(caller.pid, _address_space())
        ended = caller.end()
        self._clear(known)
        if lost:
            seen.append(Seen(Effect.CALLER, f"the caller died or could report no more: {ended}"))
            return "nothing: it died"
        if report is None:
            seen.append(Seen(Effect.TIME, f"the caller was not back after {_FORKED_SECONDS:.1f} s"))
            return "nothing: it still waited"
        return report.told

    def _look(
        self, scene: Scene, expected: set[int], report: Report | None, seen: list[Seen], wanted: Effect | None
    ) -> None:
        """Asks every witness, and where an effect is wanted, again until it shows: a signal takes its time."""
        told = [] if report is None else [*report.seen, *_leaks(report, scene.secret)]
        until = time.monotonic() + _SETTLE_SECONDS
        while True:
            found = [*told, *scene.look(), *_strangers(expected)]
            if wanted is None or report is None or wanted in {one.effect for one in found} or time.monotonic() > until:
                seen += found
                return
            time.sleep(_LOOK_SECONDS)

    def _run_in_trainer(self, attack: Attack, mode: Mode, scene: Scene, known: set[int], seen: list[Seen]) -> str:
        assert self._trainer is not None
        request = _request(attack, mode, scene, self._trainer.pid)
        born_with = memory_peaks(self._zygote)[0]
        deadline = time.monotonic() + _TRAINER_SECONDS
        try:
            os.write(self._requests, f"{request.line()}\n".encode())
            line = None
            while line is None and time.monotonic() < deadline:
                line = self._trainer.line(time.monotonic() + _LOOK_SECONDS)
                for pid in descendants(self._zygote) - known:
                    seen += _memory_taken(pid, born_with)
        except (EOFError, OSError):
            seen.append(Seen(Effect.CALLER, f"the caller died: {self._lose_trainer()}"))
            return "nothing: it died"
        if line is None:
            self._lose_trainer()
            seen.append(Seen(Effect.TIME, f"the caller was not back after {_TRAINER_SECONDS:.1f} s"))
            return "nothing: it still waited"
        report = Report.parse(line)
        until = time.monotonic() + _SETTLE_SECONDS
        while _strangers(known) and time.monotonic() < until:
            time.sleep(_LOOK_SECONDS)
        self._look(scene, known, report, seen, None)
        self._clear(known)
        return report.told

    def _start_trainer(self) -> None:
        if self._trainer is not None:
            return
        requests, self._requests = os.pipe()
        lines, reports = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(lines)
            os.close(self._requests)
            _serve(self._state, requests, reports)
        os.close(requests)
        os.close(reports)
        self._trainer = Process(pid, lines)
        greeting = self._trainer.line(time.monotonic() + 60.0)
        assert greeting, "the long-lived caller did not start"
        self._zygote = json.loads(greeting)

    def _lose_trainer(self) -> str:
        assert self._trainer is not None
        os.close(self._requests)
        ended = self._trainer.end()
        self._trainer = None
        self._clear(set())
        return ended

    def _clear(self, known: set[int]) -> None:
        """Ends every process that an attack left behind."""
        for _ in range(100):
            left = _strangers(known)
            for pid in descendants(os.getpid()) - known:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)
            if not left:
                return
            time.sleep(_LOOK_SECONDS)

    def close(self) -> None:
        """Ends the long-lived caller, which must leave nothing behind."""
        if self._trainer is not None:
            self._lose_trainer()


def descendants(pid: int) -> set[int]:
    """The processes below one, dead ones that nobody has waited for included."""
    found: set[int] = set()
    waiting = [pid]
    while waiting:
        parent = waiting.pop()
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{parent}/task").iterdir():
                with contextlib.suppress(OSError):
                    children = [int(child) for child in (task / "children").read_text().split()]
                    waiting += [child for child in children if child not in found]
                    found.update(children)
    return found


def _strangers(expected: set[int]) -> list[Seen]:
    return [Seen(Effect.PROCESS, f"a process was started: {_name(pid)}") for pid in descendants(os.getpid()) - expected]


def _memory_taken(pid: int, born_with: int) -> list[Seen]:
    """Whether a process has ever had more address space than a reward may add to what it is born with, in bytes."""
    with contextlib.suppress(OSError):
        if memory_peaks(pid)[0] - born_with > (MEMORY_MIB + _MAPPED_MIB) * _MIB:
            return [Seen(Effect.MEMORY, f"its process took more than {MEMORY_MIB} MiB")]
    return []


def _name(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return "gone"


def _leaks(report: Report, secret: str) -> list[Seen]:
    return [Seen(Effect.LEAK, f"the secret is in {text[:120]!r}") for text in report.texts if secret[:8] in text]


def _once(seen: list[Seen]) -> list[Seen]:
    return list(dict.fromkeys(seen))


def _request(attack: Attack, mode: Mode, scene: Scene, caller: int) -> Request:
    places = {**scene.places, "CALLER": str(caller), "OUT": str(credulous.OUTPUTS)}
    return Request(attack.against(places), mode, str(scene.folder), scene.secret, attack.family is Family.PROTOCOL)


def _fork(state: CallerState, attack: Attack, mode: Mode, scene: Scene) -> Process:
    """Forks a caller for one attack."""
    lines, report = os.pipe()
    pid = os.fork()
    if pid == 0:
        _become_caller(report)
        _perform_once(state, _request(attack, mode, scene, os.getpid()))
    os.close(report)
    return Process(pid, lines)


def _become_caller(report: int) -> None:
    """Gives up every descriptor of the stage but the report, and bounds the memory, so that no attack hurts the machine."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nothing, stream)
    os.dup2(fcntl.fcntl(report, fcntl.F_DUPFD_CLOEXEC, _REPORT + 1), _REPORT, inheritable=False)
    os.closerange(3, _REPORT)
    os.closerange(_REPORT + 1, 4096)
    space = _address_space() + FORKED_MIB * _MIB
    resource.setrlimit(resource.RLIMIT_AS, (space, space))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _address_space() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def _perform_once(state: CallerState, request: Request) -> NoReturn:
    """Runs one attack, reports, and stays as it is for the witnesses until it is killed."""
    try:
        if request.tampers and request.mode is Mode.UNPROTECTED:
            reward = credulous.CredulousReward(request.source)
            os.write(_REPORT, f"{reward.worker}\n".encode())
            report = observed(request, state, lambda asked, told: credulous.run(reward, asked, told))
        else:
            os.write(_REPORT, b"0\n")
            report = observed(request, state, run_beside)
        os.write(_REPORT, f"{report.line()}\n".encode())
        while True:
            signal.pause()
    finally:
        os._exit(71)


def _serve(state: CallerState, requests: int, reports: int) -> NoReturn:
    """The long-lived caller: a line with a request in, a line with its report out."""
    try:
        os.environ["REWARDSMITH_SECRET"] = "unused"
        trainer = Trainer(state)
        os.write(reports, f"{trainer.zygote_pid}\n".encode())
        with os.fdopen(requests) as lines:
            for line in lines:
                os.write(reports, f"{trainer.perform(Request.parse(line)).line()}\n".encode())
    except BaseException as error:
        print(f"the long-lived caller died of {error!r}", file=sys.stderr)
        raise
    finally:
        os._exit(72)


def main() -> None:
    """Serves: a line `["name of attack", "mode"]` in, a line with the outcome out; as the user who is named, if any."""
    if len(sys.argv) > 1:
        another_user.become(int(sys.argv[1]))
        # A process that has changed its user is closed to that user, its own /proc included, until it starts a program.
        os.execv(sys.executable, [sys.executable, "-P", "-m", "tests.adversary.stage"])
    by_name = {attack.name: attack for attack in CORPUS}
    stage = Stage()
    answers = os.dup(1)
    os.set_inheritable(answers, False)
    os.dup2(2, 1)
    for line in sys.stdin:
        name, mode = json.loads(line)
        outcome = stage.perform(by_name[name], Mode(mode))
        os.write(answers, f"{json.dumps(asdict(outcome))}\n".encode())
    stage.close()


if __name__ == "__main__":
    main()
