"""One run: how it stands, what it learns, where its candidates come from, what it has bought, and the words it waits for."""

from __future__ import annotations

import logging
from collections.abc import Callable

from nicegui import ui

from service.dashboard.components.curve import CURVE_KEYS, Curve, Point
from service.dashboard.components.event_log import EventLog
from service.dashboard.components.facts import Fact, Facts
from service.dashboard.components.lineage import LINEAGE_KEYS, LineageView
from service.dashboard.curves import best_so_far, leading, levels_of, lines_of
from service.dashboard.faults import DashboardFault
from service.dashboard.following import Standing
from service.dashboard.pages.feedback import FeedbackCard
from service.dashboard.pages.steering import Steering
from service.dashboard.site import Site, Visit, address, run_address
from service.dashboard.wording import ago, duration, figure, usd, whole
from service.schema import OFFLINE_DESIGNERS, Event, Iteration, Run

Spent = Callable[[Iteration], float]
log = logging.getLogger(__name__)
KEYS = (*LINEAGE_KEYS, *CURVE_KEYS)
RECENT_EVENTS = 50
MOST_EVENTS = 10_000
"""A file has so many of the newest."""


def install(site: Site) -> None:
    """Adds the page."""

    @site.page("/runs/{run_id}", "Run", KEYS)
    async def run(visit: Visit) -> None:
        standing = await visit.following.standing(visit.api, visit.path["run_id"])
        await _RunPage(visit, standing.run.id).build(standing)


class _RunPage:
    def __init__(self, visit: Visit, run_id: str) -> None:
        self._api, self._visit, self._id = visit.api, visit, run_id

    async def build(self, standing: Standing) -> None:
        run = standing.run
        ui.page_title(f"{run.request.task[:60]} · Rewardsmith")
        self._steering = Steering(self._api, run)
        self._facts = Facts(_facts(run)).classes("rs-card")
        self._levels = levels_of(run, await self._api.environment(run.request.environment))
        self._lineage = LineageView(
            standing.lineage,
            address=lambda candidate_id: run_address(self._id, candidate_id),
            best=run.best_candidate_id,
            unit=run.fitness.unit or None,
            view=self._visit.query.get("view", ""),
            order=self._visit.query.get("order", ""),
        )
        self._lineage.on_compare(self._compare).on_arrange(self._arranged)
        with ui.element("section").classes("rs-columns rs-pairs"):
            await self._draw(standing)
            self._feedback = FeedbackCard(self._api, self._id)
            await self._feedback.build(run)
            await self._history(run.last_event)
        # What happens while the page is built follows: it is told from where it began.
        leave = self._visit.following.follow(self._api, self._id, run.last_event, self._take, self._visit.notice.tell)
        ui.context.client.on_delete(leave)

    async def _draw(self, standing: Standing) -> None:
        run = standing.run
        unit = f"{run.fitness.name} ({run.fitness.unit})" if run.fitness.unit else run.fitness.name
        self._shown = leading(standing.lineage)
        lines = await lines_of(self._api, self._id, self._shown)
        self._drawn = {line.key for line in lines}
        self._curve = Curve(
            label="Fitness of the leading candidates",
            x="environment steps",
            y=unit,
            lines=lines,
            levels=self._levels,
        )
        self._curve.classes("rs-card")
        self._bought: dict[Curve, Spent] = {}
        for paid, what in (("environment steps", _steps), ("US dollars", _usd)):
            if paid == "US dollars" and run.request.designer in OFFLINE_DESIGNERS:
                continue
            curve = Curve(
                label=f"What the {paid} have bought",
                x=paid,
                y=f"best {unit}",
                lines=best_so_far(standing.iterations, what),
                levels=self._levels,
            )
            self._bought[curve.classes("rs-card")] = what

    async def _history(self, last: int) -> None:
        events = await self._api.events(self._id, max(0, last - RECENT_EVENTS))
        self._log = EventLog([event for event in events if event.number <= last], self._newest_events)

    async def _newest_events(self) -> list[Event]:
        last = (await self._api.run(self._id)).last_event
        found: list[Event] = []
        after = max(0, last - MOST_EVENTS)
        while after < last and (page := await self._api.events(self._id, after)):
            found += page
            after = page[-1].number
        if len(found) < last:
            ui.notify(f"The file has the newest {whole(len(found))} of {whole(last)}.", type="warning")
        return found

    async def _take(self, events: list[Event], standing: Standing | None) -> None:
        self._log.append(events)
        points: dict[str, list[Point]] = {}
        for event in events:
            if event.training_id in self._drawn and event.steps is not None and event.fitness is not None:
                points.setdefault(event.training_id, []).append((event.steps, event.fitness))
        self._curve.append(points)
        if standing is not None:
            await self._stand(standing)

    async def _stand(self, standing: Standing) -> None:
        self._steering.show(standing.run)
        self._feedback.show(standing.run)
        self._facts.show(_facts(standing.run))
        self._lineage.change(standing.lineage)
        for curve, what in self._bought.items():
            curve.show(best_so_far(standing.iterations, what), self._levels)
        shown = leading(standing.lineage)
        if shown != self._shown:
            await self._lead(shown)

    async def _lead(self, shown: tuple[str, ...]) -> None:
        """Draws other candidates; where they cannot be had now, the next change of the run tries again."""
        try:
            lines = await lines_of(self._api, self._id, shown)
        except DashboardFault as fault:
            log.info("curves of run %s cannot be had now: %s", self._id, fault)
            return
        self._shown, self._drawn = shown, {line.key for line in lines}
        self._curve.show(lines, self._levels)

    def _compare(self, candidate_ids: tuple[str, ...]) -> None:
        ui.navigate.to(f"{run_address(self._id)}/compare?of={','.join(candidate_ids)}")

    def _arranged(self, view: str, order: str) -> None:
        ui.navigate.history.replace(address(run_address(self._id), {"view": view, "order": order}))


def _steps(iteration: Iteration) -> float:
    return iteration.environment_steps


def _usd(iteration: Iteration) -> float:
    return iteration.usd


def _facts(run: Run) -> list[Fact]:
    spending, search, budget = run.spending, run.request.search, run.request.budget
    pace = spending.environment_steps / spending.seconds if spending.seconds else None
    paid = _of(usd(spending.usd), None if budget.usd is None else usd(budget.usd))
    limit = None if budget.environment_steps is None else whole(budget.environment_steps)
    told: list[Fact] = [
        ("Environment", run.request.environment),
        ("Designer", run.request.designer),
        ("Fitness", f"{run.fitness.name} = {run.fitness.score}"),
        ("Best fitness", f"{figure(run.best_fitness)} {run.fitness.unit}".rstrip()),
        ("Iteration", f"{run.iteration} of {search.iterations}, {search.candidates} candidates each"),
        ("Paid", f"{paid} for {whole(spending.completions)} completions"),
        ("Steps", f"{_of(whole(spending.environment_steps), limit)}, {whole(pace)} a second"),
        ("Worked", f"{duration(spending.seconds)}; begun {ago(run.created_at)}"),
    ]
    normalised = None if run.comparison is None else run.comparison.human_normalised
    if normalised is not None:
        between = f"95%: {figure(normalised.low)} to {figure(normalised.high)}"
        told.append(("Human-normalised", f"{figure(normalised.mean)} ({between}) on fresh seeds"))
    return told


def _of(spent: str, limit: str | None) -> str:
    return spent if limit is None else f"{spent} of {limit}"
