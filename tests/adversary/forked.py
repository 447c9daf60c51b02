"""What the forked callers of the stage do: one for one attack, or one for all that run in the sandbox."""

from __future__ import annotations

import fcntl
import os
import resource
import signal
import sys
from typing import Final, NoReturn

from tests.adversary.caller import observed, run_beside
from tests.adversary.credulous import CredulousReward, run_credulously
from tests.adversary.limits import FORKED_MIB, MIB
from tests.adversary.outcome import Mode
from tests.adversary.processes import address_space
from tests.adversary.report import Request
from tests.adversary.state import CallerState
from tests.adversary.trainer import Trainer

_REPORT: Final = 500
"""Where a forked caller holds its report, well above the descriptors that an attack can stumble on."""


def become_caller(report: int) -> None:
    """Gives up every descriptor of the stage but the report, and bounds the memory, so that no attack hurts the machine."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nothing, stream)
    os.dup2(fcntl.fcntl(report, fcntl.F_DUPFD_CLOEXEC, _REPORT + 1), _REPORT, inheritable=False)
    os.closerange(3, _REPORT)
    os.closerange(_REPORT + 1, 4096)
    space = address_space() + FORKED_MIB * MIB
    resource.setrlimit(resource.RLIMIT_AS, (space, space))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def perform_once(state: CallerState, request: Request) -> NoReturn:
    """Runs one attack, reports, and stays as it is for the witnesses until it is killed."""
    try:
        if request.tampers and request.mode is Mode.UNPROTECTED:
            reward = CredulousReward(request.source)
            os.write(_REPORT, f"{reward.worker}\n".encode())
            report = observed(request, state, lambda asked, told: run_credulously(reward, asked, told))
        else:
            os.write(_REPORT, b"0\n")
            report = observed(request, state, run_beside)
        os.write(_REPORT, f"{report.line()}\n".encode())
        while True:
            signal.pause()
    finally:
        os._exit(71)


def serve_all(state: CallerState, secret: str, requests: int, reports: int) -> NoReturn:
    """The long-lived caller: a line with a request in, a line with its report out.

    `secret`: what the environment holds while the zygote is started.
    """
    try:
        os.environ["REWARDSMITH_SECRET"] = secret
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
