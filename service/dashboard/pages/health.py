"""Whether runs can be worked on, who works, what went wrong, and what was paid."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from nicegui import ui

from service.dashboard.client import Api
from service.dashboard.frame import heading, words
from service.dashboard.notice import Notice
from service.dashboard.site import Site, Visit
from service.dashboard.wording import ago, usd, whole
from service.schema import Census, DailySpending, Measure, Readiness, Tally

EVERY_SECONDS = 10.0
KILLS = ("killed", "timeout")


def install(site: Site) -> None:
    """Adds the page."""

    @site.page("/health", "Health")
    async def health(visit: Visit) -> None:
        heading("Health")
        notice = Notice()
        shown = ui.element("div").classes("rs-columns")
        await _show(visit.api, shown)
        ui.timer(EVERY_SECONDS, notice.kept(partial(_show, visit.api, shown)), immediate=False)


async def _show(api: Api, shown: ui.element) -> None:
    readiness, census = await api.readiness(), await api.census()
    shown.clear()
    with shown:
        _checks(readiness)
        _counts(census)
        _faults(census.tallies)
        _spending(census)


def _checks(readiness: Readiness) -> None:
    with ui.element("section").classes("rs-card"):
        words("h2", "Runs can be worked on" if readiness.ready else "Runs cannot be worked on")
        with ui.element("ul").classes("rs-plain"):
            for check in readiness.checks:
                with ui.element("li"):
                    words("span", check.name).classes(f"rs-state rs-state-{'completed' if check.ok else 'failed'}")
                    words("p", check.detail).classes("rs-quiet")


def _counts(census: Census) -> None:
    oldest = (
        "none waits" if census.oldest_queued_at is None else f"the oldest was queued {ago(census.oldest_queued_at)}"
    )
    with ui.element("section").classes("rs-card"):
        words("h2", "Queue and workers")
        words("p", f"Runs: {oldest}.")
        for title, counts in (
            ("Runs", census.runs),
            ("Candidates", census.candidates),
            ("Orchestrators, by how they stand with Ray", census.orchestrators),
            ("Completions in flight", census.in_flight),
        ):
            _table(title, [(str(name).replace("_", " "), whole(number)) for name, number in counts.items()])


def _faults(tallies: Sequence[Tally]) -> None:
    faults = [tally for tally in tallies if tally.measure is Measure.REWARD_FAULTS]
    failed = [tally for tally in tallies if tally.measure is Measure.COMPLETIONS and tally.kind not in ("stored", "")]
    kills = sum(tally.value for tally in faults if tally.kind in KILLS)
    with ui.element("section").classes("rs-card"):
        words("h2", "What went wrong")
        words("p", f"The sandbox ended {whole(kills)} rewards by force.")
        _table("Rewards at fault", [(tally.kind, whole(tally.value)) for tally in faults])
        _table(
            "Completions that did not come", [(f"{tally.model}: {tally.kind}", whole(tally.value)) for tally in failed]
        )


def _spending(census: Census) -> None:
    paid = [tally for tally in census.tallies if tally.measure is Measure.USD]
    with ui.element("section").classes("rs-card"):
        words("h2", "What was paid")
        _table("By model", [(tally.model, usd(tally.value)) for tally in paid])
        _table("By day and model", [_day(one) for one in census.spending])


def _day(spent: DailySpending) -> tuple[str, str]:
    return f"{spent.day} {spent.model}", f"{usd(spent.usd)} for {whole(spent.completions)}"


def _table(title: str, rows: Sequence[tuple[str, str]]) -> None:
    words("h3", title)
    if not rows:
        words("p", "none").classes("rs-quiet")
        return
    with ui.element("dl").classes("rs-list"):
        for name, value in rows:
            words("dt", name)
            words("dd", value).classes("rs-figure")
