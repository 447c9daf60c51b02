"""An environment as it is told to people and programs: its card, and what baselines of it are stored."""

from __future__ import annotations

from pathlib import Path

from envs.card import EnvCard, Family, cards
from service.baselines.stored import OWN, SHIPPED, read_baselines, trained_alike
from service.schema import BaselineSummary, PPOConfig
from service.schema.search import Frozen
from service.schema.tunings import shipped_training


class EnvironmentSummary(Frozen):
    """A line about an environment: `metrics` by name, `steps` of its training budget, and how many `variables` rewards may name."""

    id: str
    family: Family
    title: str
    summary: str
    metrics: tuple[str, ...]
    variables: int
    actuators: int
    max_steps: int
    steps: int
    baselines: int


class Environment(EnvCard):
    """A whole card, the hyperparameters that it is trained with where none are asked for, and its stored baselines."""

    ppo: PPOConfig
    baselines: tuple[BaselineSummary, ...]


def stored_baselines(card: EnvCard, data_folder: Path | None) -> tuple[BaselineSummary, ...]:
    """Those of the data folder, and of the package those that are not there as well.

    What lies in the data folder from a release that trained the environment otherwise is left out, as runs are not measured by it.
    """
    ours = shipped_training(card.id, card.family)
    kept = read_baselines(card.id, data_folder / OWN) if data_folder else ()
    own = [one for one in kept if trained_alike(one.config, ours)]
    found = {(one.fitness.name, one.steps): one.brief for one in (*read_baselines(card.id, SHIPPED), *own)}
    return tuple(found[key] for key in sorted(found, key=lambda key: (key[0] or "", key[1])))


def whole_environment(card: EnvCard, data_folder: Path | None) -> Environment:
    """A card with the baselines of a data folder and of the package."""
    ppo = shipped_training(card.id, card.family).ppo
    return Environment(**dict(card), ppo=ppo, baselines=stored_baselines(card, data_folder))


def all_environments(data_folder: Path) -> tuple[EnvironmentSummary, ...]:
    """A line about each shipped card, in the order of their ids."""
    return tuple(
        EnvironmentSummary(
            id=card.id,
            family=card.family,
            title=card.title,
            summary=card.summary,
            metrics=tuple(metric.name for metric in card.metrics),
            variables=len(card.variables),
            actuators=card.action.size,
            max_steps=card.max_steps,
            steps=card.steps,
            baselines=len(stored_baselines(card, data_folder)),
        )
        for card in cards().values()
    )
