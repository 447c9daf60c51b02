"""The stage: a process of one thread on which attacks are run, one after the other, each in a scene of its own.

Unprotected and with the syntax layer alone an attack runs in a caller forked for it. In the sandbox it runs beside all
others, in one caller with one zygote, which must live through the whole corpus.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import sys
import time
from dataclasses import asdict
from typing import Final

from tests.adversary import another_user, forked
from tests.adversary.attack import Attack, Effect, Family
from tests.adversary.corpus import CORPUS
from tests.adversary.credulous import OUTPUTS
from tests.adversary.limits import CALL_SECONDS, SLACK_SECONDS, START_SECONDS
from tests.adversary.outcome import Mode, Outcome, Seen
from tests.adversary.processes import Process, address_space, descendants, name_of, took_too_much
from tests.adversary.report import Report, Request
from tests.adversary.scene import Scene, new_secret
from tests.adversary.state import CallerState, memory_peaks

_PR_SET_CHILD_SUBREAPER: Final = 36
_FORKED_SECONDS: Final = CALL_SECONDS + SLACK_SECONDS
_SHOWN_LATE_SECONDS: Final = 2 * CALL_SECONDS
_SHOWN_SECONDS: Final = 5.0
"""What an attack may take, unprotected, to show an effect that is not its slowness."""
_TRAINER_SECONDS: Final = 4 * (START_SECONDS + CALL_SECONDS + SLACK_SECONDS)
_GREETING_SECONDS: Final = 60.0
_LATE_TRIES: Final = 3
_SETTLE_SECONDS: Final = 1.0
_LOOK_SECONDS: Final = 0.01
_TOOK: Final = Seen(Effect.MEMORY, "its process took more address space than a reward may have")


class Stage:
    """Runs attacks; one per process, which must have no other thread and no other children."""

    def __init__(self) -> None:
        if ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
            raise OSError("this process cannot take in orphans")
        self._state = CallerState()
        self._lasting_secret = new_secret()
        self._trainer: Process | None = None
        self._requests = -1
        self._zygote = 0

    def perform(self, attack: Attack, mode: Mode) -> Outcome:
        """Runs one attack in one mode; where a protected caller was late and no more, again.

        A busy machine makes late now and then; an attack that can delay its caller does so every time.
        """
        for _ in range(_LATE_TRIES - 1):
            outcome = self._once(attack, mode)
            if mode is Mode.UNPROTECTED or outcome.effects != {Effect.TIME}:
                return outcome
        return self._once(attack, mode)

    def _once(self, attack: Attack, mode: Mode) -> Outcome:
        sandboxed = mode in (Mode.PROCESS, Mode.BOTH)
        if sandboxed:
            self._start_trainer()
        start = time.monotonic()
        with Scene() as scene:
            known = descendants(os.getpid())
            seen: list[Seen] = []
            run = self._run_in_trainer if sandboxed else self._run_forked
            told = run(attack, mode, scene, known, seen)
            return Outcome(attack.name, mode, tuple(dict.fromkeys(seen)), told, time.monotonic() - start)

    def _run_forked(self, attack: Attack, mode: Mode, scene: Scene, known: set[int], seen: list[Seen]) -> str:
        caller = _fork(self._state, attack, mode, scene)
        wanted = attack.effect if mode is Mode.UNPROTECTED else None
        expected = {*known, caller.pid}
        seconds = _patience(attack, mode)
        try:
            report, shown = _hear(caller, wanted, seconds, scene, expected)
        except (EOFError, ValueError):
            self._look(scene, expected, None, seen, None if wanted is Effect.CALLER else wanted)
            seen.append(Seen(Effect.CALLER, f"the caller died or could report no more: {caller.end()}"))
            self._clear(known)
            return "nothing: it died"
        self._look(scene, expected, report, seen, None if report is None else wanted)
        if took_too_much(caller.pid, address_space()):
            seen.append(_TOOK)
        if report is None and not shown:
            seen.append(Seen(Effect.TIME, f"the caller was not back after {seconds:.1f} s"))
        caller.end()
        self._clear(known)
        return report.told if report else "nothing: it still waited"

    def _look(
        self, scene: Scene, expected: set[int], report: Report | None, seen: list[Seen], wanted: Effect | None
    ) -> None:
        """Asks every witness, and where an effect is wanted, again until it shows: a signal takes its time."""
        told = [] if report is None else [*report.seen, *_leaks(report, (scene.secret, self._lasting_secret))]
        until = time.monotonic() + _SETTLE_SECONDS
        while True:
            found = [*told, *scene.look(), *_strangers(expected)]
            if wanted is None or wanted in {one.effect for one in found} or time.monotonic() > until:
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
                seen += [_TOOK for pid in descendants(self._zygote) - known if took_too_much(pid, born_with)]
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
            forked.serve_all(self._state, self._lasting_secret, requests, reports)
        os.close(requests)
        os.close(reports)
        self._trainer = Process(pid, lines)
        greeting = self._trainer.line(time.monotonic() + _GREETING_SECONDS)
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
        """Ends the long-lived caller."""
        if self._trainer is not None:
            self._lose_trainer()


def _hear(
    caller: Process, wanted: Effect | None, seconds: float, scene: Scene, expected: set[int]
) -> tuple[Report | None, bool]:
    """What a forked caller reports within a time, and whether it was given up before: for having shown the wanted effect.

    Adds the process of the code, which it tells of first, to `expected`. Raises EOFError where the caller dies.
    """
    start = time.monotonic()
    greeting = caller.line(start + seconds)
    if greeting is None:
        return None, False
    expected.add(json.loads(greeting))
    while time.monotonic() < start + seconds:
        line = caller.line(time.monotonic() + _LOOK_SECONDS)
        if line is not None:
            return Report.parse(line), False
        if wanted is Effect.MEMORY and took_too_much(caller.pid, address_space()):
            return None, True
        # It may have done what it wanted and go on for ever.
        if time.monotonic() > start + _FORKED_SECONDS and wanted in {one.effect for one in scene.look()}:
            return None, True
    return None, False


def _patience(attack: Attack, mode: Mode) -> float:
    """Seconds until a forked caller is given up."""
    if mode is not Mode.UNPROTECTED:
        return _FORKED_SECONDS
    return _SHOWN_LATE_SECONDS if attack.effect is Effect.TIME else _SHOWN_SECONDS


def _strangers(expected: set[int]) -> list[Seen]:
    return [
        Seen(Effect.PROCESS, f"a process was started: {name_of(pid)}") for pid in descendants(os.getpid()) - expected
    ]


def _leaks(report: Report, secrets: tuple[str, ...]) -> list[Seen]:
    """The first letters of a secret are enough: a reward of eight rows can tell no more in one component."""
    told = [text for text in report.texts if any(secret[:8] in text for secret in secrets)]
    return [Seen(Effect.LEAK, f"the secret is in {text[:120]!r}") for text in told]


def _request(attack: Attack, mode: Mode, scene: Scene, caller: int) -> Request:
    places = {**scene.places, "CALLER": str(caller), "OUT": str(OUTPUTS)}
    return Request(attack.against(places), mode, str(scene.folder), scene.secret, attack.family is Family.PROTOCOL)


def _fork(state: CallerState, attack: Attack, mode: Mode, scene: Scene) -> Process:
    """Forks a caller for one attack."""
    lines, report = os.pipe()
    pid = os.fork()
    if pid == 0:
        forked.become_caller(report)
        forked.perform_once(state, _request(attack, mode, scene, os.getpid()))
    os.close(report)
    return Process(pid, lines)


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
