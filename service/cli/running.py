"""Has a run worked, shows how it goes, and hands over what it brought."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from service.cli.faults import AwaitsWords, BadInput, Infrastructure, RunFailed
from service.cli.folder import check_folder, export_to, folder_of
from service.cli.following import WorkElsewhere, follow, patiently
from service.cli.place import Workplace
from service.cli.progress import LineView, LiveView, View
from service.cli.request import full_id
from service.cli.tables import print_outcome, spending
from service.cli.terminal import clean, console, print_json
from service.schema import Iteration, Run, RunRequest, RunState

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(frozen=True)
class Wanted:
    """How a command is to hand over its results: as JSON or for people, and into which folder."""

    as_json: bool = False
    folder: Path | None = None


def start(workplace: Workplace, request: RunRequest, wanted: Wanted) -> Path:
    """Asks for a run and sees it through; the folder of its export. Raises `CommandFault` if it does not complete."""
    if wanted.folder is not None:
        check_folder(wanted.folder)
    key = uuid4().hex
    run = patiently(lambda: workplace.client.create_run(request, key))
    return see_through(workplace, run, wanted)


def take_up(workplace: Workplace, run_id: str, wanted: Wanted) -> Path:
    """Goes on with a run that was interrupted or paused. Raises `BadInput` if it has ended."""
    if wanted.folder is not None:
        check_folder(wanted.folder)
    run = workplace.client.get_run(run_id)
    if reason := workplace.check_designer(run.request.designer):
        raise BadInput(reason)
    if run.state is not RunState.QUEUED:
        run = workplace.client.steer(run_id, "resume")
    return see_through(workplace, run, wanted)


def continue_candidate(workplace: Workplace, run_id: str, candidate: str, wanted: Wanted) -> Path:
    """Trains a pruned candidate, named by its id or its place such as `1-3`, to its end. Raises `BadInput` for any other."""
    if wanted.folder is not None:
        check_folder(wanted.folder)
    if reason := workplace.check_designer(workplace.client.get_run(run_id).request.designer):
        raise BadInput(reason)
    return see_through(workplace, workplace.client.continue_candidate(run_id, full_id(run_id, candidate)), wanted)


def see_through(workplace: Workplace, run: Run, wanted: Wanted) -> Path:
    """Has a run worked to its end, then exports and prints it."""
    out = console(error=wanted.as_json)
    out.print(clean(f"run {run.id}"))
    run = follow(workplace.client, run, workplace.work, _view(run, error=wanted.as_json))
    iterations = _outcome(workplace, run, wanted, out)
    folder = export_to(workplace.client, run.id, wanted.folder or folder_of(run.id))
    print_outcome(out, run, iterations)
    out.print(f" {spending(run)}\n exported to {folder}: report.md, reward.py, wrapper.py, policy.py, candidates/\n")
    if wanted.as_json:
        print_json({"run": run, "iterations": iterations, "export": str(folder)})
    return folder


def look_on(workplace: Workplace, run_id: str, *, as_json: bool) -> None:
    """Shows a run that others work on until it stops, and what it brought. Raises as `see_through` does."""
    out = console(error=as_json)
    run = workplace.client.get_run(run_id)
    out.print(clean(f"run {run.id}"))
    run = follow(
        workplace.client, run, lambda one: WorkElsewhere(one, "without this command"), _view(run, error=as_json)
    )
    iterations = _outcome(workplace, run, Wanted(as_json), out)
    print_outcome(out, run, iterations)
    out.print(clean(f" {spending(run)}\n its files: rewardsmith export {run.id}\n"))
    if as_json:
        print_json({"run": run, "iterations": iterations})


def _outcome(workplace: Workplace, run: Run, wanted: Wanted, out: Console) -> list[Iteration]:
    """The iterations of a run that has completed. Raises `CommandFault` that says how to go on with any other."""
    if run.state is RunState.PAUSED:
        raise Infrastructure(f"run {run.id} is paused: {run.reason}; when that is mended: rewardsmith resume {run.id}")
    iterations = workplace.client.iterations(run.id)
    if run.state is RunState.COMPLETED:
        return iterations
    print_outcome(out, run, iterations)
    if run.state is not RunState.AWAITING_FEEDBACK:
        raise RunFailed(f"run {run.id} is {run.state}: {run.reason}; what it brought: rewardsmith show {run.id}")
    if wanted.as_json:
        print_json({"run": run, "iterations": iterations})
    raise AwaitsWords(
        f"run {run.id} awaits words: rewardsmith feedback {run.id} WORDS; then: rewardsmith resume {run.id}"
    )


def _view(run: Run, *, error: bool) -> View:
    shown = console(error=error)
    if not shown.is_terminal:
        return LineView(shown)
    return LiveView(shown, run)
