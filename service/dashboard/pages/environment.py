"""An environment's card, explained."""

from __future__ import annotations

from urllib.parse import quote

from nicegui import ui

from envs.card import Variable
from service.baselines.environment import Environment
from service.dashboard.components.replay import Still
from service.dashboard.components.table import Table
from service.dashboard.frame import words
from service.dashboard.tables import Column
from service.dashboard.wording import duration, figure, whole
from service.schema.tunings import in_words

COLUMNS: tuple[Column[Variable], ...] = (
    Column("Variable", lambda one: one.name),
    Column("Size", lambda one: one.size, shown=lambda one: str(one.size or "scalar")),
    Column("Unit", lambda one: one.unit),
    Column("Role", lambda one: one.role),
    Column("About", lambda one: one.about),
)


def show_environment(card: Environment) -> None:
    """What it is, what ends an episode, what a reward may know, and what is known of it."""
    words("h2", card.title)
    words("p", card.summary)
    Still(f"/api/v1/environments/{quote(card.id)}/still", label=f"{card.title}, as an episode begins")
    with ui.element("dl").classes("rs-list"):
        for name, value in (
            ("Episode", f"at most {whole(card.max_steps)} steps, {duration(card.max_steps * card.dt)}"),
            ("Ends", card.ending.about),
            (
                "Action",
                f"{card.action.size} of {card.action.unit}, {figure(card.action.low)} to {figure(card.action.high)}",
            ),
            ("Training", f"{whole(card.steps)} steps unless asked otherwise"),
            ("Hyperparameters", in_words(card.ppo)),
        ):
            words("dt", name)
            words("dd", value)
    for baseline in card.baselines:
        words(
            "p",
            f"{baseline.fitness or 'Fitness'} at {whole(baseline.steps)} steps: human reward {figure(baseline.human.mean)}, "
            f"sparse reward {figure(baseline.sparse.mean)} {baseline.unit} ({baseline.seeds} seeds)",
        ).classes("rs-quiet rs-small")
    with ui.expansion(f"{len(card.variables)} variables that a reward may name").classes("w-full"):
        Table("Variables", COLUMNS, card.variables, titled=False)
