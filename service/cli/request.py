"""What a user typed, as a request."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from service.cli.faults import BadInput
from service.cli.options import option_of
from service.schema import OFFLINE, Budget, Fitness, HalvingConfig, PolicyOf, RunRequest, SearchConfig, TrainingConfig

LARGEST_FILE_BYTES = 100_000


def search_request(
    *, environment: str, task: str, model: str | None, fitness: str | Fitness | None, iterations: int, candidates: int,
    steps: int | None, seeds: int, training_seeds: int, halving: bool, warm_start: str | None, seed: int,
    max_usd: float | None, max_steps: int | None, max_seconds: float | None,
) -> RunRequest:  # fmt: skip
    """The request of `run`. Raises `BadInput` naming the option that is out of its bounds."""
    try:
        return RunRequest(
            task=task,
            environment=environment,
            fitness=fitness,
            designer=model or OFFLINE,
            search=SearchConfig(iterations=iterations, candidates=candidates, seed=seed),
            training=TrainingConfig(
                steps=steps,
                comparison_seeds=seeds,
                seeds=training_seeds,
                halving=HalvingConfig() if halving else None,
                warm_start=_beginning(warm_start),
            ),
            budget=Budget(usd=max_usd, environment_steps=max_steps, seconds=max_seconds),
        )
    except ValidationError as error:
        raise BadInput(in_options(error)) from error


def _beginning(text: str | None) -> Literal["parent"] | PolicyOf | None:
    """`parent`, or RUN/CANDIDATE. Raises `BadInput` for anything else."""
    if text is None:
        return None
    if text == "parent":
        return "parent"
    run, slash, candidate = text.partition("/")
    if not slash:
        raise BadInput(f"--warm-start: expected `parent` or RUN/CANDIDATE as `rewardsmith show` names it, got {text!r}")
    try:
        return PolicyOf(run_id=run, candidate_id=full_id(run, candidate))
    except ValidationError as error:
        raise BadInput(f"--warm-start: {error.errors()[0]['msg']}, got {text!r}") from error


def full_id(run_id: str, candidate: str) -> str:
    """The id of a candidate that was named by it or by its place, such as `1-3`."""
    return candidate if candidate.startswith(f"{run_id}-") else f"{run_id}-{candidate}"


def training_request(
    *, environment: str, source: str, task: str, fitness: str | Fitness | None, steps: int | None, seeds: int, seed: int
) -> RunRequest:
    """The request of `train`: a search of one reward, which is there already, so that no designer is asked."""
    try:
        return RunRequest(
            task=task,
            environment=environment,
            fitness=fitness,
            seed_rewards=(source,),
            search=SearchConfig(iterations=1, candidates=1, repairs=0, seed=seed),
            training=TrainingConfig(steps=steps, comparison_seeds=seeds),
        )
    except ValidationError as error:
        raise BadInput(in_options(error)) from error


def chosen_fitness(name: str | None, score: str | None, success: str | None) -> str | Fitness | None:
    """A card's metric by name, one's own by its two expressions, or the card's first. Raises `BadInput` for half of one."""
    if score is None and success is None:
        return name
    if score is None or success is None:
        raise BadInput("a fitness of one's own needs both --score and --success")
    try:
        return Fitness(name=name or "custom", score=score, success=success)
    except ValidationError as error:
        raise BadInput(in_options(error)) from error


def read_reward(file: Path) -> str:
    """The source in a file. Raises `BadInput` if it cannot be read as text of a reasonable size."""
    try:
        if file.stat().st_size > LARGEST_FILE_BYTES:
            raise BadInput(f"{file}: a reward function has at most {LARGEST_FILE_BYTES:,} bytes")
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{file}: not text in UTF-8 ({error})") from error


def in_options(error: ValidationError) -> str:
    """What pydantic found wrong, each with the option that it came by."""
    return "; ".join(
        f"{option_of('.'.join(map(str, fault['loc'])))}: {fault['msg']}, got {repr(fault['input'])[:80]}"
        for fault in error.errors()
    )
