"""Commands that ask for work: search, check, train, and what to choose from."""

from __future__ import annotations

from typing import Annotated

import typer

from service.cli.commands.app import (
    Environment,
    File,
    Folder,
    Json,
    MaxSeconds,
    MaxSteps,
    MaxUsd,
    Metric,
    Score,
    Seed,
    Seeds,
    Steps,
    Success,
    app,
)


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
    max_usd: MaxUsd = None,
    max_steps: MaxSteps = None,
    max_seconds: MaxSeconds = None,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Only say what it would take; nothing is stored.")
    ] = False,
    to: Folder = None,
    json: Json = False,
) -> None:
    """Search for a reward: the main job.

    Designs, checks, trains, reads and improves, then compares the winner and exports all of it.
    """
    from service.cli.estimate import print_estimate
    from service.cli.place import open_workplace
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
    from service.cli.faults import RunFailed
    from service.cli.place import open_workplace
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
    from service.cli.faults import RunFailed
    from service.cli.place import open_workplace
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
    from service.cli.place import open_workplace
    from service.cli.tables import print_environment, print_environments
    from service.cli.terminal import console, print_json

    with open_workplace() as workplace:
        if environment is None:
            every = workplace.client.environments()
            print_json(every) if json else print_environments(console(), every)
        else:
            one = workplace.client.environment(environment)
            print_json(one) if json else print_environment(console(), one)
