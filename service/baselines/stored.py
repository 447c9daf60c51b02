"""Finds the stored baseline of a card that was trained and judged as a run's candidates are, or says why there is none.

Those of the shipped cards travel with the package (`data/`); those that `rewardsmith baseline` made here lie in the data
folder and come first.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pydantic import ValidationError

from envs.card import EnvCard, card
from envs.errors import EnvironmentUnknown
from service.schema import Baseline, Candidate, Comparison, Fitness, Run, RunSummary, TrainingConfig
from service.schema.versions import versions

SHIPPED = Path(__file__).parent / "data"
OWN = "baselines"
"""Where in the data folder an installation keeps its own."""

COMPARABLE = ("environments", "rollout_length", "evaluation_episodes", "confirmation_episodes", "ppo")
"""What of a configuration decides how one policy is trained from scratch and judged; the rest is about the search."""


def trained_alike(one: TrainingConfig, other: TrainingConfig) -> bool:
    """Whether two configurations train and judge a policy in the same way."""
    return all(getattr(one, name) == getattr(other, name) for name in COMPARABLE)


LOOKED_UP_AGAIN = 1024
"""So many answers are kept: lists of runs are asked for again and again, and most runs are trained alike."""

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
    return _baseline_of(run.request.environment, run.fitness, run.steps, run.request.training, data_folder)


def with_human_normalised(run: Run, candidates: Iterable[Candidate], data_folder: Path) -> tuple[Candidate, ...]:
    """The candidates of a run with `human_normalised` where a stored baseline or the run's own comparison allows it."""
    baseline = baseline_of(run, data_folder).baseline
    return tuple(
        one.model_copy(update={"human_normalised": _human_normalised(one.fitness, baseline, run.comparison)})
        for one in candidates
    )


def listed_with_human_normalised(
    runs: Sequence[RunSummary],
    comparisons: Sequence[Comparison | None],
    configs: Sequence[TrainingConfig],
    data_folder: Path,
) -> tuple[RunSummary, ...]:
    """The runs with `human_normalised`, each as its best candidate has it; `comparisons` and `configs` are those of each run."""
    own = data_folder / OWN
    changed = own.stat().st_mtime_ns if own.is_dir() else 0
    found = []
    for run, comparison, config in zip(runs, comparisons, configs, strict=True):
        if run.best_fitness is not None:
            baseline = _baseline_again(run.environment, run.fitness, run.steps, config, data_folder, changed)
            measured = _human_normalised(run.best_fitness, baseline, comparison)
            if measured is not None:
                run = run.model_copy(update={"human_normalised": measured})
        found.append(run)
    return tuple(found)


def _human_normalised(fitness: float | None, baseline: Baseline | None, comparison: Comparison | None) -> float | None:
    """By the first of the two that tells the human and the sparse reward apart."""
    if fitness is None:
        return None
    found = (one.normalised(fitness) for one in (baseline, comparison) if one is not None)
    return next((one for one in found if one is not None), None)


@lru_cache(LOOKED_UP_AGAIN)
def _baseline_again(
    environment: str,
    fitness: Fitness,
    steps: int,
    config: TrainingConfig,
    data_folder: Path,
    changed: int,  # noqa: ARG001  when the data folder's baselines did last, in ns: what was found before is of no use then
) -> Baseline | None:
    return _baseline_of(environment, fitness, steps, config, data_folder).baseline


def _baseline_of(environment: str, fitness: Fitness, steps: int, config: TrainingConfig, data_folder: Path) -> Found:
    try:
        known = card(environment)
    except EnvironmentUnknown:
        return Found(None, f"{environment} has no card here any more")
    return look_up(known, fitness, steps, config, data_folder)
