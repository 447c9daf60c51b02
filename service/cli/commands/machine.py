"""Commands that concern this machine, whatever server is named: its checks, its processes, its database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from service.cli.commands.app import Folder, Host, Json, Metric, Port, Steps, app


@app.command()
def baseline(
    env: Annotated[list[str], typer.Option("--env", help="An environment's id; may be given several times.")],
    fitness: Metric = None,
    steps: Steps = None,
    seeds: Annotated[int, typer.Option("--seeds", min=1, max=32, help="Seeds that each reward is trained with.")] = 5,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder of the results; the data folder's own if not given.")
    ] = None,
    json: Json = False,
) -> None:
    """Train the human and the sparse reward, for runs to be measured by.

    One file for each environment. Asked again, it goes on where it was interrupted.
    """
    from service.cli.baseline import make_baselines
    from service.cli.place import settings_of_this_machine

    make_baselines(settings_of_this_machine("baseline"), env, fitness, steps, seeds, out, as_json=json)


@app.command()
def doctor(
    model: Annotated[str | None, typer.Option("--model", help="Also make one real call of this model.")] = None,
    json: Json = False,
) -> None:
    """Check what this machine can do."""
    from service.cli.doctor import examine
    from service.cli.place import settings_of_this_machine

    examine(settings_of_this_machine("doctor"), model, as_json=json)


@app.command()
def demo(
    to: Folder = None,
    serve: Annotated[bool, typer.Option(help="Show the run in the dashboard afterwards, until Ctrl-C.")] = True,
    json: Json = False,
) -> None:
    """The main job, small: Hopper, no model; then its dashboard."""
    from service.cli.demo import demonstrate
    from service.cli.running import Wanted

    demonstrate(Wanted(json, to), serve=serve)


@app.command()
def migrate() -> None:
    """Make the database's tables, or update them.

    Once for each release, before any process uses a PostgreSQL server; a file of SQLite is brought up to date by itself.
    """
    from service.cli.serving import migrate_database

    print(f"{migrate_database()}: up to date")


@app.command()
def prune(
    older_than: Annotated[
        int | None,
        typer.Option("--older-than", min=0, metavar="DAYS", help="Delete checkpoints of runs that ended before."),
    ] = None,
    runs_older_than: Annotated[
        int | None,
        typer.Option("--runs-older-than", min=0, metavar="DAYS", help="Delete whole runs that ended before."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go, and delete nothing.")] = False,
    json: Json = False,
) -> None:
    """Delete what is no longer needed of runs that have ended.

    Without days those of the settings count, and without these only what crashes have left is deleted.
    """
    from service.cli.prune import prune_store

    prune_store(older_than, runs_older_than, dry_run=dry_run, as_json=json)


@app.command()
def serve(host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Serve dashboard and API, and work on the runs.

    On 127.0.0.1 whoever is on this machine may use it; on any other address it asks for a token.
    """
    from service.cli.serving import serve_all

    serve_all(host, port)


@app.command()
def api(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    workers: Annotated[int, typer.Option("--workers", min=1, max=64, help="Processes that answer.")] = 1,
) -> None:
    """Serve the API alone, to whoever has a token."""
    from service.cli.serving import serve_api

    serve_api(host, port, workers)


@app.command()
def dashboard(host: Host = "127.0.0.1", port: Port = 8080) -> None:
    """Serve the dashboard of a server's API.

    REWARDSMITH_URL names the server; whoever looks logs in with a token of it.
    """
    from service.cli.serving import serve_dashboard

    serve_dashboard(host, port)


@app.command()
def orchestrator() -> None:
    """Work on runs that wait, until stopped.

    Any number of them share the runs of one database, and take over those of one that dies.
    """
    from service.cli.serving import orchestrate

    orchestrate()
