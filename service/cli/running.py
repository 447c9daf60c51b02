"""Has a run worked, shows how it goes, and hands over what it brought."""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from service.cli.client import Client
from service.cli.embedded import DesignerCheck, Worker, Workplace
from service.cli.faults import BadInput, Infrastructure, Interrupted, RunFailed
from service.cli.folder import EXPORTS, check_folder, export_to
from service.cli.progress import LineView, LiveView, View
from service.cli.request import full_id
from service.cli.tables import print_outcome, spending
from service.cli.terminal import console, print_json
from service.schema import Event, Run, RunRequest, RunState

SECONDS_BETWEEN_POLLS = 0.5


@dataclass(frozen=True)
class Wanted:
    """How a command is to hand over its results: as JSON or for people, and into which folder."""

    as_json: bool = False
    folder: Path | None = None

    def folder_for(self, run_id: str) -> Path:
        """The folder of the export."""
        return self.folder or EXPORTS / run_id


def start(workplace: Workplace, request: RunRequest, wanted: Wanted) -> Path:
    """Asks for a run and sees it through; the folder of its export. Raises `CommandFault` if it does not complete."""
    if wanted.folder is not None:
        check_folder(wanted.folder)
    return see_through(workplace, workplace.client.create_run(request), wanted)


def take_up(workplace: Workplace, run_id: str, wanted: Wanted) -> Path:
    """Goes on with a run that was interrupted or paused. Raises `BadInput` if it has ended."""
    if wanted.folder is not None:
        check_folder(wanted.folder)
    run = workplace.client.get_run(run_id)
    if run.state is not RunState.QUEUED:
        run = workplace.client.resume(run_id)
    if reason := DesignerCheck(workplace.settings)(run.request.designer):
        raise BadInput(reason)
    return see_through(workplace, run, wanted)


def continue_candidate(workplace: Workplace, run_id: str, candidate: str, wanted: Wanted) -> Path:
    """Trains a pruned candidate, named by its id or its place such as `1-3`, to its end. Raises `BadInput` for any other."""
    if wanted.folder is not None:
        check_folder(wanted.folder)
    if reason := DesignerCheck(workplace.settings)(workplace.client.get_run(run_id).request.designer):
        raise BadInput(reason)
    return see_through(workplace, workplace.client.continue_candidate(run_id, full_id(run_id, candidate)), wanted)


def see_through(workplace: Workplace, run: Run, wanted: Wanted) -> Path:
    """Works a run to its end, then exports and prints it."""
    out = console(error=wanted.as_json)
    out.print(f"run {run.id}")
    run = _work(workplace, run, _view(run, error=wanted.as_json))
    if run.state is RunState.PAUSED:
        raise Infrastructure(f"run {run.id} is paused: {run.reason}; when that is mended: rewardsmith resume {run.id}")
    iterations = workplace.client.iterations(run.id)
    if run.state is not RunState.COMPLETED:
        print_outcome(out, run, iterations)
        raise RunFailed(f"run {run.id} is {run.state}: {run.reason}; what it brought: rewardsmith show {run.id}")
    folder = export_to(workplace.client, run.id, wanted.folder_for(run.id))
    print_outcome(out, run, iterations)
    out.print(f" {spending(run)}\n exported to {folder}: report.md, reward.py, wrapper.py, policy.py, candidates/\n")
    if wanted.as_json:
        print_json({"run": run, "iterations": iterations, "export": str(folder)})
    return folder


def _view(run: Run, *, error: bool) -> View:
    shown = console(error=error)
    if not shown.is_terminal:
        return LineView(shown)
    return LiveView(shown, run)


def _all_events(client: Client, run_id: str, after: int) -> list[Event]:
    events: list[Event] = []
    while page := client.events(run_id, events[-1].number if events else after):
        events += page
    return events


def _work(workplace: Workplace, run: Run, view: View) -> Run:
    client = workplace.client
    past = _all_events(client, run.id, 0)
    view.recall(past)
    last = past[-1].number if past else 0
    worker = Worker(workplace, run.id)
    try:
        with view:
            ended = False
            while not ended:
                ended = worker.wait(SECONDS_BETWEEN_POLLS)
                events = _all_events(client, run.id, last)
                last = events[-1].number if events else last
                run = client.get_run(run.id)
                view.show(run, events)
    except KeyboardInterrupt:
        print("stopping at the next safe place; Ctrl-C again leaves at once", file=sys.stderr)
        worker.stop()
        with suppress(KeyboardInterrupt):
            worker.wait()
        raise Interrupted(f"run {run.id} can be taken up again: rewardsmith resume {run.id}") from None
    return run
