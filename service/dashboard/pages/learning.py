"""What was learned with a candidate: fitness, and each component's mean and share, over steps."""

from __future__ import annotations

from collections.abc import Sequence

from nicegui import ui

from service.dashboard.components.curve import Curve, Level
from service.dashboard.curves import component_lines, fitness_lines
from service.schema import Run, Training

STEPS = "environment steps"


class Learning:
    """Curves that grow while it is trained; none before a training is planned."""

    def __init__(self, run: Run, candidate_id: str, levels: Sequence[Level]) -> None:
        self._candidate_id = candidate_id
        with ui.element("section").classes("rs-columns") as self._section:
            self._fitness = _card("Fitness", run.fitness.name, levels)
            self._means = _card("Reward components", "mean per step")
            self._shares = _card("Reward components by share", "share of the reward's magnitude")
        self._section.set_visibility(False)

    def show(self, trainings: Sequence[Training]) -> None:
        """Takes in the points that are new; components are those of the first seed."""
        self._section.set_visibility(bool(trainings))
        self._fitness.grow(fitness_lines(self._candidate_id, trainings))
        if trainings:
            self._means.grow(component_lines(trainings[0], "mean"))
            self._shares.grow(component_lines(trainings[0], "share"))


def _card(label: str, y: str, levels: Sequence[Level] = ()) -> Curve:
    with ui.element("div").classes("rs-card"):
        return Curve(label=label, x=STEPS, y=y, levels=levels)
