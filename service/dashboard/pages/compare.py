"""Two to four candidates side by side: what differs, how they move, what they learned, and which is liked better."""

from __future__ import annotations

import asyncio
from functools import partial

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from service.dashboard.components.curve import CURVE_KEYS, Curve
from service.dashboard.components.lineage import FEWEST, MOST
from service.dashboard.components.replay import REPLAY_KEYS, Replay
from service.dashboard.components.table import Table
from service.dashboard.curves import levels_of, lines_of, short
from service.dashboard.faults import DashboardFault
from service.dashboard.frame import heading, words
from service.dashboard.pages.code import show_difference
from service.dashboard.pages.feedback import LATE
from service.dashboard.site import Site, Visit, run_address
from service.dashboard.tables import Column, figures
from service.dashboard.wording import figure, percent
from service.schema import Candidate, CandidateState, Order, Run

GROUP = "compared"
KEYS = (("j, k", "the next of those compared, the one before"), ("Enter", "open it"), *REPLAY_KEYS, *CURVE_KEYS)
FIGURES: tuple[Column[Candidate], ...] = (
    Column("Candidate", lambda one: one.id, shown=lambda one: short(one.id)),
    Column("State", lambda one: one.state, "state"),
    figures("Fitness", lambda one: one.fitness),
    figures("95% from", lambda one: None if one.fitness_interval is None else one.fitness_interval.low),
    figures("to", lambda one: None if one.fitness_interval is None else one.fitness_interval.high),
    figures("Human-normalised", lambda one: one.human_normalised),
    figures("Success rate", lambda one: one.success_rate, percent),
    Column("Made by", lambda one: one.origin),
)


def install(site: Site) -> None:
    """Adds the page."""

    @site.page("/runs/{run_id}/compare", "Compare", KEYS)
    async def compare(visit: Visit) -> None:
        run = await visit.api.run(visit.path["run_id"])
        chosen = list(dict.fromkeys(filter(None, visit.query.get("of", "").split(","))))
        ui.link(run.request.task, run_address(run.id)).classes("rs-quiet")
        heading("Compare")
        if not FEWEST <= len(chosen) <= MOST:
            ui.label(f"Mark two to four candidates on the run's page; {len(chosen)} are named here.").classes(
                "rs-notice"
            )
            return
        found = await asyncio.gather(*(visit.api.candidate(run.id, one) for one in chosen))
        with ui.element("section").classes("rs-side-by-side"):
            for candidate in found:
                await _column(visit, run, candidate, found[0])
        with ui.element("section").classes("rs-card"):
            Table("Figures", FIGURES, found)
        with ui.element("section").classes("rs-columns"):
            with ui.element("div").classes("rs-card"):
                Curve(
                    label="Fitness",
                    x="environment steps",
                    y=run.fitness.name,
                    lines=await lines_of(visit.api, run.id, chosen),
                    levels=levels_of(run, await visit.api.environment(run.request.environment)),
                )
            _Ranking(visit, run, chosen)


async def _column(visit: Visit, run: Run, candidate: Candidate, first: Candidate) -> None:
    with ui.element("article").props("data-listed").classes("rs-card rs-stack"):
        with ui.element("h2"):
            ui.link(f"Candidate {short(candidate.id)}", run_address(run.id, candidate.id))
        ui.label(
            f"fitness {figure(candidate.fitness)}, success {percent(candidate.success_rate)}, {candidate.state.replace('_', ' ')}"
        ).classes("rs-quiet")
        if candidate.state is CandidateState.TRAINED:
            url = f"/api/v1{run_address(run.id, candidate.id)}/replay"
            Replay(url, label=f"An episode of candidate {short(candidate.id)}", group=GROUP)
        if candidate.id != first.id:
            show_difference(run, await visit.api.difference(run.id, candidate.id, first.id))
        else:
            ui.label("The others' code is shown by what differs from this one.").classes("rs-quiet")


class _Ranking:
    """The candidates in an order that keys and a mouse can change."""

    def __init__(self, visit: Visit, run: Run, chosen: list[str]) -> None:
        self._api, self._run = visit.api, run
        self._order = list(chosen)
        self._taken = 0
        with ui.element("div").classes("rs-card rs-stack"):
            words("h2", "Which do you like better")
            ui.label("The first is liked best. Fitness stays the only judge; a model is shown your order.").classes(
                "rs-quiet"
            )
            if run.state.ended:
                ui.label(LATE).classes("rs-notice")
                return
            self._labels: list[TextElement] = []
            with ui.element("ol").classes("rs-ranking"):
                for place in range(len(chosen)):
                    self._item(place)
            self._told = ui.label().classes("rs-unseen").props("role=status")
            self._why = ui.input("Why").props("maxlength=2000")
            ui.button("Send the ranking", on_click=self._send).props("outline no-caps")
        self._show()

    def _item(self, place: int) -> None:
        """One place, whatever candidate stands there: buttons stay where they are, and whoever uses keys stays on them."""
        with ui.element("li").classes("rs-row").props("draggable=true") as item:
            self._labels.append(words("span", ""))
            for name, to in (("Up", place - 1), ("Down", place + 1)):
                button = ui.button(name, on_click=partial(self._put, place, to)).props("flat dense no-caps")
                button.props["aria-label"] = f"{name}: place {place + 1}"
                button.set_enabled(0 <= to < len(self._order))
        item.on("dragstart", lambda: self._take(place))
        item.on("dragover.prevent", js_handler="() => {}")
        item.on("drop.prevent", lambda: self._put(self._taken, place))

    def _show(self) -> None:
        for place, (label, candidate_id) in enumerate(zip(self._labels, self._order, strict=True)):
            label.set_text(f"{place + 1}. candidate {short(candidate_id)}")

    def _take(self, place: int) -> None:
        self._taken = place

    def _put(self, place: int, to: int) -> None:
        moved = self._order.pop(place)
        self._order.insert(to, moved)
        self._show()
        self._told.set_text(f"Candidate {short(moved)} is at place {to + 1} of {len(self._order)}")

    async def _send(self) -> None:
        try:
            await self._api.rank(self._run.id, Order(ranking=tuple(self._order), words=self._why.value.strip() or None))
        except DashboardFault as fault:
            ui.notify(str(fault), type="negative")
            return
        ui.notify("The ranking is stored.", type="positive")
