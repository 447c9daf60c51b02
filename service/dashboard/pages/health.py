"""Whether runs can be worked on, who works, what went wrong, and what was paid."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from nicegui import ui

from service.dashboard.client import Api
from service.dashboard.components.table import Table
from service.dashboard.frame import heading, words
from service.dashboard.site import Site, Visit
from service.dashboard.tables import Column, figures
from service.dashboard.wording import ago, usd, whole
from service.schema import Census, Check, DailySpending, Measure, Tally

EVERY_SECONDS = 10.0
KILLS = ("killed", "timeout")
Count = tuple[str, int]
CHECKS: tuple[Column[Check], ...] = (
    Column("State", lambda check: "fine" if check.ok else "failed", "state"),
    Column("Check", lambda check: check.name),
    Column("Detail", lambda check: check.detail),
)
COUNTED: tuple[tuple[str, str, Callable[[Census], Mapping[str, int]]], ...] = (
    ("Runs", "State", lambda census: {str(state): number for state, number in census.runs.items()}),
    ("Candidates", "State", lambda census: {str(state): number for state, number in census.candidates.items()}),
    ("Orchestrators", "Ray", lambda census: {str(state): number for state, number in census.orchestrators.items()}),
    ("Completions in flight", "Model", lambda census: census.in_flight),
)
"""Tables of counts: their name, what is counted apart, and where it is told."""
FAULTS: tuple[Column[Tally], ...] = (
    Column("Fault", lambda tally: tally.kind),
    figures("Rewards", lambda tally: tally.value, whole),
)
FAILED: tuple[Column[Tally], ...] = (
    Column("Model", lambda tally: tally.model),
    Column("How it ended", lambda tally: tally.kind),
    figures("Completions", lambda tally: tally.value, whole),
)
BY_MODEL: tuple[Column[Tally], ...] = (
    Column("Model", lambda tally: tally.model),
    figures("USD", lambda tally: tally.value, usd),
)
BY_DAY: tuple[Column[DailySpending], ...] = (
    Column("Day", lambda spent: spent.day.isoformat()),
    Column("Model", lambda spent: spent.model),
    figures("USD", lambda spent: spent.usd, usd),
    figures("Completions", lambda spent: spent.completions, whole),
)


def install(site: Site) -> None:
    """Adds the page."""

    @site.page("/health", "Health")
    async def health(visit: Visit) -> None:
        heading("Health")
        page = _Health(visit.api)
        await page.show()
        ui.timer(EVERY_SECONDS, visit.notice.kept(page.show), immediate=False)


class _Health:
    """Built once and filled again and again: whoever stands on a button with keys stays there."""

    def __init__(self, api: Api) -> None:
        self._api = api
        with ui.element("div").classes("rs-columns"):
            with ui.element("section").classes("rs-card"):
                self._ready = words("h2", "")
                self._checks = Table("Checks", CHECKS, titled=False)
            with ui.element("section").classes("rs-card"):
                words("h2", "Queue and workers")
                self._waits = words("p", "")
                self._counted = [(Table(title, _counts(title, apart)), of) for title, apart, of in COUNTED]
            with ui.element("section").classes("rs-card"):
                words("h2", "What went wrong")
                self._kills = words("p", "")
                self._faults = Table("Rewards at fault", FAULTS)
                self._failed = Table("Completions that did not come", FAILED)
            with ui.element("section").classes("rs-card"):
                words("h2", "What was paid")
                self._paid = Table("By model", BY_MODEL)
                self._by_day = Table("By day and model", BY_DAY)

    async def show(self) -> None:
        """Asks how everything stands, and shows it. Raises `DashboardFault`."""
        readiness, census = await self._api.readiness(), await self._api.census()
        self._ready.set_text("Runs can be worked on" if readiness.ready else "Runs cannot be worked on")
        self._checks.show(readiness.checks)
        oldest = census.oldest_queued_at
        self._waits.set_text(f"Runs: {'none waits' if oldest is None else f'the oldest was queued {ago(oldest)}'}.")
        for table, of in self._counted:
            table.show(tuple(of(census).items()))
        faults = _of(census, Measure.REWARD_FAULTS)
        kills = sum(tally.value for tally in faults if tally.kind in KILLS)
        self._kills.set_text(f"The sandbox ended {whole(kills)} rewards by force.")
        self._faults.show(faults)
        self._failed.show([one for one in _of(census, Measure.COMPLETIONS) if one.kind not in ("stored", "")])
        self._paid.show(_of(census, Measure.USD))
        self._by_day.show(census.spending)


def _counts(title: str, apart: str) -> tuple[Column[Count], ...]:
    return (
        Column(apart, lambda count: count[0].replace("_", " ")),
        figures(title, lambda count: count[1], whole),
    )


def _of(census: Census, measure: Measure) -> list[Tally]:
    return [tally for tally in census.tallies if tally.measure is measure]
