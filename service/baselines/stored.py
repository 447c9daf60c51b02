"""Finds the stored baseline of a card that was trained and judged as a run's candidates are, or says why there is none.

Those of the shipped cards travel with the package (`data/`); those that `rewardsmith baseline` made here lie in the data
folder and come first.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from envs.card import EnvCard, card
from envs.errors import EnvironmentUnknown
from service.schema import Baseline, Candidate, Fitness, Run, TrainingConfig
from service.schema.versions import versions

SHIPPED = Path(__file__).parent / "data"
OWN = "baselines"
"""Where in the data folder an installation keeps its own."""

COMPARABLE = ("environments", "rollout_length", "evaluation_episodes", "confirmation_episodes", "ppo")
"""What of a configuration decides how one policy is trained from scratch and judged; the rest is about the search."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Found:
    """A baseline that fits, or the `reason` in words why none does."""

    baseline: Baseline | None
    reason: str = ""


def file_name(environment: str, metric: str, steps: int) -> str:
    """What the file of a baseline is called, for a metric of its card; `/` in an id becomes `__`."""
    return f"{environment.replace('/', '__')}.{metric}.{steps}.json"


def read_baselines(environment: str, folder: Path) -> tuple[Baseline, ...]:
    """Every baseline of an environment in a folder, by file name. One that cannot be read is left out, and the log says so."""
    found: list[Baseline] = []
    for path in sorted(folder.glob(f"{environment.replace('/', '__')}.*.json")):
        try:
            found.append(Baseline.model_validate_json(path.read_bytes()))
        except (OSError, ValidationError) as error:
            log.warning("%s: expected a baseline, got: %s; make it again with rewardsmith baseline", path, error)
    return tuple(baseline for baseline in found if baseline.environment == environment)


def look_up(card: EnvCard, fitness: Fitness, steps: int, config: TrainingConfig, data_folder: Path) -> Found:
    """The baseline of a card whose fitness, steps and training are exactly these, from the data folder or the package."""
    known = read_baselines(card.id, data_folder / OWN) + read_baselines(card.id, SHIPPED)
    if not known:
        return Found(None, f"no baseline of {card.id} is stored; rewardsmith baseline --env {card.id} makes one")
    nearest, different = min(
        ((baseline, differences(baseline, card, fitness, steps, config)) for baseline in known),
        key=lambda one: len(one[1]),
    )
    if different:
        return Found(None, f"no stored baseline of {card.id} is of this training: {'; '.join(different)}")
    return Found(nearest)


def differences(
    baseline: Baseline, card: EnvCard, fitness: Fitness, steps: int, config: TrainingConfig
) -> tuple[str, ...]:
    """What keeps a baseline from being compared with a training, each with both sides; empty where it fits."""
    theirs, ours = baseline.config, config
    sides = [
        ("score", baseline.fitness.score, fitness.score),
        ("success", baseline.fitness.success, fitness.success),
        ("sparse reward", baseline.sparse_reward, card.sparse_reward),
        ("steps", f"{baseline.steps:,}", f"{steps:,}"),
        *((package, baseline.versions.get(package), present) for package, present in versions().items()),
        *((name, getattr(theirs, name), getattr(ours, name)) for name in COMPARABLE if name != "ppo"),
        *((f"ppo.{name}", getattr(theirs.ppo, name), getattr(ours.ppo, name)) for name in type(ours.ppo).model_fields),
    ]
    return tuple(f"{name} {theirs} there, {ours} here" for name, theirs, ours in sides if theirs != ours)


def baseline_of(run: Run, data_folder: Path) -> Found:
    """The baseline that a run's candidates are measured by."""
    try:
        known = card(run.request.environment)
    except EnvironmentUnknown:
        return Found(None, f"{run.request.environment} has no card here any more")
    return look_up(known, run.fitness, run.steps, run.request.training, data_folder)


def with_human_normalised(run: Run, candidates: Iterable[Candidate], data_folder: Path) -> tuple[Candidate, ...]:
    """The candidates of a run with `human_normalised` where a stored baseline allows it."""
    found = baseline_of(run, data_folder).baseline
    if found is None:
        return tuple(candidates)
    return tuple(
        candidate
        if candidate.fitness is None
        else candidate.model_copy(update={"human_normalised": found.normalised(candidate.fitness)})
        for candidate in candidates
    )
