"""Stages in processes of their own, as the user who is asked for, and what they run on."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from sandbox import kernel
from tests.adversary.attack import Attack, Effect
from tests.adversary.outcome import Mode, Outcome, Seen

_ROOT: Final = Path(__file__).parents[2]


class Theatre:
    """One stage, started fresh, with one thread and nobody's environment; a context manager.

    `user`: the user it runs as; the caller's own where None. `root`: the folder in which the sandbox that is attacked lies,
    beside the attacks. May be asked from one thread at a time.
    """

    def __init__(self, user: int | None = None, root: Path = _ROOT) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "tests.adversary.stage", *([] if user is None else [str(user)])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=root,
            env={
                "PATH": os.defpath,
                "PYTHONPATH": str(root),
                "PYTHONDONTWRITEBYTECODE": "1",
                "OPENBLAS_NUM_THREADS": "1",
                "LC_ALL": "C.UTF-8",
            },
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    def perform(self, attack: Attack, mode: Mode) -> Outcome:
        """Runs one attack in one mode. Raises ChildProcessError where the stage itself is lost."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            print(json.dumps([attack.name, mode]), file=self._process.stdin, flush=True)
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise ChildProcessError(f"the stage ended with status {self._process.wait()} in {attack.name} [{mode}]")
        fields = json.loads(line)
        seen = tuple(Seen(Effect(one["effect"]), one["evidence"]) for one in fields["seen"])
        return Outcome(fields["attack"], Mode(fields["mode"]), seen, fields["told"], fields["seconds"])


def perform_all(
    runs: Iterable[tuple[Attack, Mode]], stages: int, user: int | None, tell: Callable[[Outcome], None]
) -> list[Outcome]:
    """Runs attacks on several stages side by side; `tell` hears of each outcome as it comes, the list is in order."""
    waiting = list(enumerate(runs))[::-1]
    outcomes: dict[int, Outcome] = {}
    faults: list[BaseException] = []

    def work() -> None:
        try:
            with Theatre(user) as theatre:
                while waiting and not faults:
                    number, (attack, mode) = waiting.pop()
                    outcomes[number] = theatre.perform(attack, mode)
                    tell(outcomes[number])
        except BaseException as fault:  # noqa: BLE001  (raised by the thread that waits)
            faults.append(fault)

    threads = [threading.Thread(target=work) for _ in range(stages)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
    return [outcomes[number] for number in sorted(outcomes)]


def ground(user: int | None) -> dict[str, str]:
    """Who runs the attacks, and on what."""
    return {
        "user": str(os.getuid() if user is None else user),
        "kernel": f"{platform.system()} {platform.release()} {platform.machine()}",
        "seccomp": "yes" if kernel.seccomp_available() else "no",
        "Landlock": str(kernel.landlock_abi() or "none"),
        "Python": platform.python_version(),
    }
