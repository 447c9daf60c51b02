"""The baselines that travel with the package are of the present cards, defaults and versions, and their figures add up."""

from __future__ import annotations

import json
import tomllib
from importlib.metadata import version
from pathlib import Path, PurePath

from envs.card import card, cards
from service.baselines.stored import SHIPPED, differences, file_name, read_baselines
from service.evolution.comparison import gap, interval
from service.evolution.seeds import comparison_seeds
from service.schema import PPOConfig
from service.schema.tunings import shipped_training
from tests.unit.baselines.example import made

HERE = Path(__file__).parents[3]
BASELINES = [baseline for name in cards() for baseline in read_baselines(name, SHIPPED)]


def test_every_file_is_the_baseline_of_a_card_and_called_after_it() -> None:
    named = {file_name(one.environment, one.fitness.name, one.steps) for one in BASELINES}
    assert {path.name for path in SHIPPED.glob("*")} == named


def test_each_is_of_the_cards_own_budget_and_of_the_present_defaults() -> None:
    for one in BASELINES:
        ours = card(one.environment)
        config = shipped_training(ours.id, ours.family)
        assert differences(one, ours, one.fitness, ours.steps, config) == (), one.environment
        metric = ours.metric(one.fitness.name)
        assert (one.fitness.score, one.fitness.success) == (metric.score, metric.success), one.environment


def test_each_says_every_hyperparameter_that_it_was_trained_with() -> None:
    for path in SHIPPED.glob("*.json"):
        assert set(json.loads(path.read_text())["config"]["ppo"]) == set(PPOConfig.model_fields), path.name


def test_each_is_of_the_physics_and_the_simulator_of_today() -> None:
    for one in BASELINES:
        for package in ("envpool", "mujoco"):
            assert one.versions[package] == version(package), one.environment


def test_the_intervals_are_those_of_the_seeds() -> None:
    for one in BASELINES:
        assert one.seeds == tuple(comparison_seeds(5, 0)), one.environment
        assert one.human.interval == interval(one.human.scores), one.environment
        assert one.sparse.interval == interval(one.sparse.scores), one.environment
        assert one.gap == gap(one.human.scores, one.sparse.scores), one.environment


def test_what_lies_there_travels_with_the_package() -> None:
    data = tomllib.loads((HERE / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["package-data"]
    example = PurePath("data") / file_name(made().environment, made().fitness.name, made().steps)
    assert any(example.match(pattern) for pattern in data["service.baselines"])
    assert SHIPPED.parent / "__init__.py" in set(
        SHIPPED.parent.iterdir()
    )  # a package, or its data would be left behind
