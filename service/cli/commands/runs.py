"""Commands on runs that are there: look, steer, and take away what they brought."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from service.cli.commands.app import Folder, Json, MaxSeconds, MaxSteps, MaxUsd, RunId, app


@app.command()
def ls(
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="How many, newest first.")] = 20,
    json: Json = False,
) -> None:
    """List the newest runs."""
    from service.cli.place import open_workplace
    from service.cli.tables import print_runs
    from service.cli.terminal import console, print_json

    with open_workplace() as workplace:
        runs = workplace.client.runs(limit)
    if json:
        print_json(runs)
    else:
        print_runs(console(), runs)


@app.command()
def show(run_id: RunId, json: Json = False) -> None:
    """Show a run: request, candidates, figures."""
    from service.cli.place import open_workplace
    from service.cli.tables import print_run
    from service.cli.terminal import console, print_json

    with open_workplace() as workplace:
        found = workplace.client.get_run(run_id)
        iterations = workplace.client.iterations(run_id)
        candidates = workplace.client.candidates(run_id)
    if json:
        print_json({"run": found, "iterations": iterations, "candidates": candidates})
    else:
        print_run(console(), found, iterations, candidates)


@app.command()
def watch(run_id: RunId, json: Json = False) -> None:
    """Watch a run that others work on.

    Ends with the run, or when it is paused or awaits words. Ctrl-C leaves it at work.
    """
    from service.cli.place import open_workplace
    from service.cli.running import look_on

    with open_workplace() as workplace:
        look_on(workplace, run_id, as_json=json)


@app.command()
def resume(run_id: RunId, to: Folder = None, json: Json = False) -> None:
    """Go on with an interrupted or paused run."""
    from service.cli.place import open_workplace
    from service.cli.running import Wanted, take_up

    with open_workplace() as workplace:
        take_up(workplace, run_id, Wanted(json, to))


@app.command("continue")
def continue_(
    run_id: RunId,
    candidate: Annotated[str, typer.Argument(help="A pruned candidate, as `rewardsmith show RUN` names it: 1-3.")],
    to: Folder = None,
    json: Json = False,
) -> None:
    """Train a candidate to its end that was stopped early.

    The run is worked on once more, beyond its budget as far as this candidate needs, and ends anew.
    """
    from service.cli.place import open_workplace
    from service.cli.running import Wanted, continue_candidate

    with open_workplace() as workplace:
        continue_candidate(workplace, run_id, candidate, Wanted(json, to))


@app.command()
def pause(run_id: RunId, json: Json = False) -> None:
    """Pause a run at the next safe place."""
    from service.cli.steering import steer

    steer(run_id, "pause", as_json=json)


@app.command()
def cancel(run_id: RunId, json: Json = False) -> None:
    """End a run for good with what it has."""
    from service.cli.steering import steer

    steer(run_id, "cancel", as_json=json)


@app.command()
def extend(
    run_id: RunId,
    iterations: Annotated[int, typer.Option("--iterations", help="Iterations more.")] = 0,
    max_usd: MaxUsd = None,
    max_steps: MaxSteps = None,
    max_seconds: MaxSeconds = None,
    json: Json = False,
) -> None:
    """Give a run more iterations, or another budget.

    Limits that are given become its whole budget. A run that had completed or failed is queued again.
    """
    from service.cli.steering import extend_run

    extend_run(run_id, iterations, max_usd, max_steps, max_seconds, as_json=json)


@app.command()
def feedback(
    run_id: RunId,
    words: Annotated[str, typer.Argument(help="What the designer is to know.")],
    candidate: Annotated[
        str | None,
        typer.Option("--candidate", help="Of whom, as `rewardsmith show RUN` names it; of the run if not given."),
    ] = None,
    json: Json = False,
) -> None:
    """Tell the designer what you think.

    It is told in the next iteration; the offline designer reads no words.
    """
    from service.cli.steering import give_feedback

    give_feedback(run_id, words, candidate, as_json=json)


@app.command()
def export(run_id: RunId, to: Folder = None, json: Json = False) -> None:
    """Write a run's results into a folder."""
    from service.cli.folder import export_to, folder_of
    from service.cli.place import open_workplace
    from service.cli.terminal import print_json

    with open_workplace() as workplace:
        found = workplace.client.get_run(run_id)
        folder = export_to(workplace.client, found.id, to or folder_of(found.id))
    if json:
        print_json({"export": str(folder)})
    else:
        print(folder)


@app.command()
def replay(
    run_id: RunId,
    candidate: Annotated[
        str, typer.Argument(metavar="CANDIDATE", help="Its id or its place, as `rewardsmith show` lists it.")
    ],
    seed: Annotated[int, typer.Option("--seed", min=0, max=2**31 - 1, help="Decides how the episode begins.")] = 0,
    out: Annotated[Path | None, typer.Option("--out", help="File; CANDIDATE.replay.safetensors if not given.")] = None,
    json: Json = False,
) -> None:
    """Play a candidate's policy and record it.

    One episode in the reference environment, scored by the run's fitness.
    """
    from service.cli.place import open_workplace
    from service.cli.replay import replay_candidate

    with open_workplace() as workplace:
        replay_candidate(workplace, run_id, candidate, seed, out, as_json=json)
