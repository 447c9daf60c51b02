"""A new run: the task, where, how it is judged, who designs and how much it may take, checked and estimated as one types."""

from __future__ import annotations

import json
import secrets
from typing import TypeVar

from nicegui import ui

from service.dashboard.faults import ApiRefused, DashboardFault
from service.dashboard.frame import heading, words
from service.dashboard.pages.environment import show_environment
from service.dashboard.pages.estimate import show_estimate
from service.dashboard.site import Site, Visit, run_address
from service.schema import OFFLINE, Estimate

Json = str | float | bool | None
Field = ui.select | ui.textarea | ui.input | ui.number
Element = TypeVar("Element", ui.select, ui.textarea, ui.input, ui.number)
FIRST = "Hopper-v5"
OWN = "one of my own"
PAUSE = "debounce=500"


def install(site: Site) -> None:
    """Adds the page."""

    @site.page("/new", "New run")
    async def new_run(visit: Visit) -> None:
        await _Form(visit).build()


class _Form:
    def __init__(self, visit: Visit) -> None:
        self._api, self._query = visit.api, visit.query
        self._fields: dict[str, Field] = {}
        self._turn = 0
        self._asked = self._key = ""

    async def build(self) -> None:
        heading("New run")
        known = {one.id: f"{one.id}: {one.title}" for one in await self._api.environments()}
        asked = self._query.get("environment", FIRST)
        with ui.element("div").classes("rs-columns"):
            with ui.element("form").classes("rs-card rs-stack").props("novalidate").on("submit.prevent", self._submit):
                self._field(
                    "environment",
                    ui.select(known, value=asked if asked in known else FIRST, label="Environment", with_input=True),
                )
                self._field(
                    "task",
                    ui.textarea("What the robot should do", value=self._query.get("task", "")).props(
                        f"autogrow {PAUSE}"
                    ),
                )
                self._metric = self._field(
                    "fitness", ui.select([OWN], value=OWN, label="Fitness: what it is judged by")
                )
                self._own_fitness()
                self._field(
                    "designer",
                    ui.input("Designer", value=OFFLINE, autocomplete=[OFFLINE]).props(
                        f"{PAUSE} hint='offline, or a model by its litellm name'"
                    ),
                )
                self._amounts()
                ui.button("Submit").props("type=submit no-caps")
                self._refusal = ui.label().classes("rs-fault").props("role=alert")
            with ui.element("div").classes("rs-stack"):
                self._estimate = ui.element("div").classes("rs-card").props('aria-live=polite aria-label="Estimate"')
                self._card = ui.element("div").classes("rs-card")
        self._fields["environment"].on_value_change(self._other_environment)
        await self._other_environment()

    def _own_fitness(self) -> None:
        with ui.element("fieldset").classes("rs-stack") as own:
            words("legend", "A fitness of my own, over one episode's variables")
            self._field("fitness.name", ui.input("Name", value="mine").props(PAUSE))
            self._field("fitness.score", ui.input("Score", placeholder="x_position[-1] - x_position[0]").props(PAUSE))
            self._field("fitness.success", ui.input("Success", placeholder="steps == max_steps").props(PAUSE))
        own.bind_visibility_from(self._metric, "value", backward=lambda value: value == OWN)

    def _amounts(self) -> None:
        with ui.element("div").classes("rs-row"):
            self._number("search.iterations", "Iterations", 3)
            self._number("search.candidates", "Candidates each", 4)
            self._number("training.seeds", "Seeds each", 1)
            self._number("training.steps", "Steps per training", None)
        words("h2", "At most")
        with ui.element("div").classes("rs-row"):
            self._number("budget.usd", "US dollars", None)
            self._number("budget.environment_steps", "Environment steps", None)
            self._number("budget.seconds", "Seconds of work", None)
        self._waits = ui.switch("Wait for my words after each iteration")

    def _number(self, name: str, label: str, value: float | None) -> None:
        self._field(name, ui.number(label, value=value, min=0).props(PAUSE))

    def _field(self, name: str, element: Element) -> Element:
        element.without_auto_validation()
        self._fields[name] = element
        if name != "environment":
            element.on_value_change(self._check)
        return element.classes("w-full") if "." not in name else element

    async def _other_environment(self) -> None:
        asked = str(self._fields["environment"].value)
        try:
            card = await self._api.environment(asked)
        except DashboardFault as fault:
            self._refusal.set_text(str(fault))
            return
        if asked != self._fields["environment"].value:
            return
        metrics = {one.name: f"{one.name}: {one.about}" for one in card.metrics} | {OWN: OWN}
        self._metric.set_options(metrics, value=card.metrics[0].name)
        self._card.clear()
        with self._card:
            show_environment(card)
        await self._check()

    async def _check(self) -> None:
        """Asks what such a run would take: the same checks as submitting it. Of several answers the last counts."""
        self._turn += 1
        turn = self._turn
        said: Estimate | DashboardFault | None = None
        if self._fields["task"].value:
            try:
                said = await self._api.estimate(self._request())
            except DashboardFault as fault:
                said = fault
        if turn == self._turn:
            self._answer(said)

    def _answer(self, said: Estimate | DashboardFault | None) -> None:
        self._estimate.clear()
        with self._estimate:
            if isinstance(said, Estimate):
                show_estimate(said)
            else:
                words("h2", "What it would take")
                ui.label("Say what the robot should do." if said is None else "As it is, it cannot run.").classes(
                    "rs-quiet"
                )
        self._refused(said if isinstance(said, DashboardFault) else None)

    async def _submit(self) -> None:
        request = self._request()
        if request != self._asked:  # asked again it is the same run; another request is another
            self._asked, self._key = request, secrets.token_urlsafe(16)
        try:
            run = await self._api.create_run(request, self._key)
        except DashboardFault as fault:
            self._refused(fault)
            return
        ui.navigate.to(run_address(run.id))

    def _refused(self, fault: DashboardFault | None) -> None:
        fields = fault.fields if isinstance(fault, ApiRefused) else {}
        for name, element in self._fields.items():
            element.error = fields.get(name)
        told = fault is None or (fields and set(fields) <= set(self._fields))
        self._refusal.set_text("" if told else str(fault))

    def _request(self) -> str:
        """The form as the API wants it; what is left empty is not said."""
        request: dict[str, Json | dict[str, Json]] = {"feedback": "wait" if self._waits.value else "go_on"}
        for name, element in self._fields.items():
            outer, _, inner = name.partition(".")
            value = element.value
            if value in (None, "") or (outer == "fitness" and (inner == "") == (self._metric.value == OWN)):
                continue
            if not inner:
                request[outer] = value
                continue
            part = request.setdefault(outer, {})
            if isinstance(part, dict):
                part[inner] = value
        return json.dumps(request)
