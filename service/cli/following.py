"""Shows a run while it is worked on, through times at which its server does not answer."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from service.cli.client import Client
from service.cli.faults import Interrupted, Unreachable
from service.cli.place import Work
from service.cli.progress import View
from service.cli.terminal import clean
from service.schema import Event, Run, RunState

T = TypeVar("T")
LONGEST_OUTAGE_SECONDS = 600.0
SECONDS_BETWEEN_TRIES = 1.0
SECONDS_BETWEEN_LOOKS = 1.0
UNDER_WAY = (RunState.QUEUED, RunState.RUNNING)


class WorkElsewhere:
    """Work that other processes do, whoever looks on."""

    def __init__(self, run_id: str, where: str) -> None:
        self._run_id, self._where = run_id, where

    def over(self, run: Run) -> bool:
        """Whether the run has ended, is paused or awaits words; waits a second otherwise."""
        if run.state not in UNDER_WAY:
            return True
        time.sleep(SECONDS_BETWEEN_LOOKS)
        return False

    def leave(self) -> str:
        """Nothing is stopped."""
        run_id = self._run_id
        return f"run {run_id} goes on {self._where}; watch it: rewardsmith watch {run_id}, end it: rewardsmith cancel {run_id}"


def follow(client: Client, run: Run, begin: Callable[[str], Work], view: View) -> Run:
    """The run as it stands when there is nothing more to wait for; `begin` says who works on it, once its past is known.

    Raises `Interrupted` at Ctrl-C, and `CommandFault` as the work does.
    """
    work: Work | None = None
    try:
        past = patiently(partial(_events, client, run.id, 0))
        work = begin(run.id)
        view.recall(past)
        last = past[-1].number if past else 0
        with view:
            over = False
            while not over:
                over = work.over(run)
                run, events = patiently(partial(_look, client, run.id, last))
                last = events[-1].number if events else last
                view.show(run, events)
    except KeyboardInterrupt:
        way_back = f"run {run.id} is stored: rewardsmith resume {run.id}" if work is None else work.leave()
        raise Interrupted(way_back) from None
    return run


def patiently(ask: Callable[[], T], seconds: float = LONGEST_OUTAGE_SECONDS) -> T:
    """The answer, asked for until it comes: a server may be away so long. Raises `Unreachable` when it is away for longer."""
    away_since: float | None = None
    while True:
        try:
            answer = ask()
        except Unreachable as fault:
            if away_since is None:
                away_since = time.monotonic()
                print(clean(f"{fault}; asking again for {seconds:,.0f} s"), file=sys.stderr)
            if time.monotonic() - away_since >= seconds:
                raise
            time.sleep(SECONDS_BETWEEN_TRIES)
        else:
            if away_since is not None:
                print(f"answered again after {time.monotonic() - away_since:.0f} s", file=sys.stderr)
            return answer


def _look(client: Client, run_id: str, after: int) -> tuple[Run, list[Event]]:
    """The run first: whatever brought it there is among the events then."""
    return client.get_run(run_id), _events(client, run_id, after)


def _events(client: Client, run_id: str, after: int) -> list[Event]:
    events: list[Event] = []
    while page := client.events(run_id, events[-1].number if events else after):
        events += page
    return events
