"""Every command with its options. What a command does stands elsewhere and is imported when it is called."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from service.cli import token_commands

EPILOG = (
    "Exit codes: 0 done, 1 the run failed or the reward was rejected, 2 bad input, 3 something that it needs does not "
    "work, 130 interrupted (the run can be resumed)."
)

app = typer.Typer(
    name="rewardsmith",
    help="Turns a sentence and a MuJoCo environment into a reward function, a trained policy and the evidence that it works.",
    epilog=EPILOG,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(token_commands.app, name="token")

Environment = Annotated[str, typer.Option("--env", help="An environment's id; `rewardsmith envs` lists them.")]
File = Annotated[Path, typer.Argument(help="A Python file with compute_reward.")]
Json = Annotated[bool, typer.Option("--json", help="Results as JSON on standard output, progress on standard error.")]
Folder = Annotated[Path | None, typer.Option("--to", help="Folder of the export; export/RUN if not given.")]
Metric = Annotated[str | None, typer.Option("--fitness", help="A metric of the environment; its first if not given.")]
Score = Annotated[str | None, typer.Option("--score", help="A fitness of one's own: an expression over an episode.")]
Success = Annotated[str | None, typer.Option("--success", help="When such an episode counts as a success.")]
Steps = Annotated[int | None, typer.Option("--steps", help="Environment steps per training; the card's if not given.")]
Seeds = Annotated[int, typer.Option("--seeds", help="Seeds of the final comparison with human and sparse reward.")]
Seed = Annotated[int, typer.Option("--seed", help="Decides every random choice.")]
Host = Annotated[str, typer.Option("--host", help="Address to listen at.")]
Port = Annotated[int, typer.Option("--port", min=1, max=65535, help="Port to listen at.")]
RunId = Annotated[str, typer.Argument(metavar="RUN", help="A run's id; `rewardsmith ls` lists them.")]


@app.command()
def run(
    env: Environment,
    task: Annotated[str, typer.Option("--task", help="What the robot should do, in words.")],
    model: Annotated[
        str | None, typer.Option("--model", help="A model by its litellm name; the offline designer if not given.")
    ] = None,
    fitness: Metric = None,
    score: Score = None,
    success: Success = None,
    iterations: Annotated[int, typer.Option("--iterations", help="Generations of reward functions.")] = 3,
    candidates: Annotated[int, typer.Option("--candidates", help="Reward functions in each.")] = 4,
    steps: Steps = None,
    seeds: Seeds = 5,
    training_seeds: Annotated[int, typer.Option("--training-seeds", help="Trainings of each candidate.")] = 1,
    halving: Annotated[bool, typer.Option("--halving", help="Stop weak candidates early.")] = False,
    warm_start: Annotated[
        str | None, typer.Option("--warm-start", help="Policy to begin with: `parent`, or RUN/CANDIDATE.")
    ] = None,
    seed: Seed = 0,
    max_usd: Annotated[float | None, typer.Option("--max-usd", help="Budget: US dollars paid for models.")] = None,
    max_steps: Annotated[int | None, typer.Option("--max-steps", help="Budget: environment steps in all.")] = None,
    max_seconds: Annotated[float | None, typer.Option("--max-seconds", help="Budget: seconds of work.")] = None,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Only say what it would take; nothing is stored.")
    ] = False,
    to: Folder = None,
    json: Json = False,
) -> None:
    """Search for a reward: the main job.

    Designs, checks, trains, reads and improves, then compares the winner and exports all of it.
    """
    from service.cli.embedded import open_workplace
    from service.cli.estimate import print_estimate
    from service.cli.request import chosen_fitness, search_request
    from service.cli.running import Wanted, start
    from service.cli.terminal import console, print_json

    request = search_request(
        environment=env, task=task, model=model, fitness=chosen_fitness(fitness, score, success), iterations=iterations,
        candidates=candidates, steps=steps, seeds=seeds, training_seeds=training_seeds, halving=halving, warm_start=warm_start,
        seed=seed, max_usd=max_usd, max_steps=max_steps, max_seconds=max_seconds,
    )  # fmt: skip
    with open_workplace() as workplace:
        if not estimate:
            start(workplace, request, Wanted(json, to))
            return
        found = workplace.client.estimate(request)
    if json:
        print_json(found)
    else:
        print_estimate(console(), found)


@app.command()
def validate(file: File, env: Environment, json: Json = False) -> None:
    """Check your own reward, without training."""
    from service.cli.embedded import open_workplace
    from service.cli.faults import RunFailed
    from service.cli.request import read_reward
    from service.cli.tables import print_verdict
    from service.cli.terminal import console, print_json

    source = read_reward(file)
    with open_workplace() as workplace:
        verdict = workplace.client.validate(env, source)
    if json:
        print_json(verdict)
    else:
        print_verdict(console(), verdict, str(file))
    if not verdict.accepted:
        raise RunFailed(f"{file}: rejected, {len(verdict.faults)} faults")


@app.command()
def train(
    file: File,
    env: Environment,
    task: Annotated[
        str, typer.Option("--task", help="What it is for, in words, for the report.")
    ] = "a reward of one's own",
    fitness: Metric = None,
    score: Score = None,
    success: Success = None,
    steps: Steps = None,
    seeds: Seeds = 5,
    seed: Seed = 0,
    to: Folder = None,
    json: Json = False,
) -> None:
    """Train your own reward and compare it.

    No designer is asked. It is compared with the human and the sparse reward, and exported.
    """
    from service.cli.embedded import open_workplace
    from service.cli.faults import RunFailed
    from service.cli.request import chosen_fitness, read_reward, training_request
    from service.cli.running import Wanted, start
    from service.cli.tables import print_verdict
    from service.cli.terminal import console

    source = read_reward(file)
    request = training_request(
        environment=env, source=source, task=task, fitness=chosen_fitness(fitness, score, success),
        steps=steps, seeds=seeds, seed=seed,
    )  # fmt: skip
    with open_workplace() as workplace:
        verdict = workplace.client.validate(env, source)
        if not verdict.accepted:
            print_verdict(console(error=json), verdict, str(file))
            raise RunFailed(f"{file}: rejected, {len(verdict.faults)} faults; nothing was trained")
        start(workplace, request, Wanted(json, to))


@app.command()
def envs(
    environment: Annotated[str | None, typer.Argument(metavar="[ID]", help="One environment in full.")] = None,
    json: Json = False,
) -> None:
    """List the environments, or show one."""
    from service.cli.embedded import open_workplace
    from service.cli.tables import print_environment, print_environments
    from service.cli.terminal import console, print_json

    with open_workplace() as workplace:
        if environment is None:
            every = workplace.client.environments()
            print_json(every) if json else print_environments(console(), every)
        else:
            one = workplace.client.environment(environment)
            print_json(one) if json else print_environment(console(), one)


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
    from service.cli.embedded import read_settings

    make_baselines(read_settings(), env, fitness, steps, seeds, out, as_json=json)


@app.command()
def ls(
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="How many, newest first.")] = 20,
    json: Json = False,
) -> None:
    """List the newest runs."""
    from service.cli.embedded import open_workplace
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
    from service.cli.embedded import open_workplace
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
def resume(run_id: RunId, to: Folder = None, json: Json = False) -> None:
    """Go on with an interrupted or paused run."""
    from service.cli.embedded import open_workplace
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
    from service.cli.embedded import open_workplace
    from service.cli.running import Wanted, continue_candidate

    with open_workplace() as workplace:
        continue_candidate(workplace, run_id, candidate, Wanted(json, to))


@app.command()
def export(run_id: RunId, to: Folder = None, json: Json = False) -> None:
    """Write a run's results into a folder."""
    from service.cli.embedded import open_workplace
    from service.cli.folder import EXPORTS, export_to
    from service.cli.terminal import print_json

    with open_workplace() as workplace:
        found = workplace.client.get_run(run_id)
        folder = export_to(workplace.client, found.id, to or EXPORTS / found.id)
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
    from service.cli.embedded import open_workplace
    from service.cli.replay import replay_candidate

    with open_workplace() as workplace:
        replay_candidate(workplace, run_id, candidate, seed, out, as_json=json)


@app.command()
def doctor(
    model: Annotated[str | None, typer.Option("--model", help="Also make one real call of this model.")] = None,
    json: Json = False,
) -> None:
    """Check what this machine can do."""
    from service.cli.doctor import examine
    from service.cli.embedded import read_settings

    examine(read_settings(), model, as_json=json)


@app.command()
def demo(to: Folder = None, json: Json = False) -> None:
    """The main job, small: Hopper, no model."""
    from service.cli.demo import demonstrate
    from service.cli.running import Wanted

    demonstrate(Wanted(json, to))


@app.command()
def migrate() -> None:
    """Make the database's tables, or update them.

    Once for each release, before any process uses a PostgreSQL server; a file of SQLite is brought up to date by itself.
    """
    from service.cli.serving import migrate_database

    print(f"{migrate_database()}: up to date")


@app.command()
def serve(host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Serve the API and work on its runs.

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
def orchestrator() -> None:
    """Work on runs that wait, until stopped.

    Any number of them share the runs of one database, and take over those of one that dies.
    """
    from service.cli.serving import orchestrate

    orchestrate()
