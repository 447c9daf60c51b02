"""What happens in a run, asked for once a second for all pages that show it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from weakref import WeakValueDictionary

from service.dashboard.client import Api
from service.dashboard.faults import ApiRefused, DashboardFault
from service.schema import Event, EventKind, Iteration, Lineage, Run

EVERY_SECONDS = 1.0
PASSING = (EventKind.CURVE_POINT, EventKind.LOG, EventKind.COMPLETION)
"""Events after which a run's states are as they were."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Standing:
    """How a run stands: itself, its iterations and its candidates."""

    run: Run
    iterations: list[Iteration]
    lineage: Lineage

    @classmethod
    async def of(cls, api: Api, run_id: str) -> Standing:
        """As it stands now; what is asked for first is never newer than what follows. Raises `DashboardFault`."""
        run = await api.run(run_id)
        return cls(run, await api.iterations(run_id), await api.lineage(run_id))


Take = Callable[[list[Event], Standing | None], Awaitable[None]]
"""What a page does with new events, and with how the run stands where they changed that.

Where it raises `DashboardFault` it is told the same again a second later.
"""
Tell = Callable[[DashboardFault | None], None]
"""What a page does where the run cannot be followed, and with None once it can again."""


@dataclass(eq=False)
class _Page:
    seen: int
    take: Take
    tell: Tell


class Following:
    """The runs that pages of this process show, each followed as long as one of them does."""

    def __init__(self) -> None:
        self._followed: dict[tuple[str, Api], _Followed] = {}
        self._lineages: WeakValueDictionary[tuple[str, Api], Lineage] = WeakValueDictionary()

    async def standing(self, api: Api, run_id: str) -> Standing:
        """How the run stands now; pages to which its candidates are the same have them in common. Raises `DashboardFault`."""
        standing = await Standing.of(api, run_id)
        known = self._lineages.get((run_id, api))
        if known == standing.lineage:
            return replace(standing, lineage=known)
        self._lineages[run_id, api] = standing.lineage
        return standing

    def follow(self, api: Api, run_id: str, after: int, take: Take, tell: Tell) -> Callable[[], None]:
        """Gives the page each event above `after` once, in order; what comes back ends that."""
        key = (run_id, api)
        followed = self._followed.get(key)
        if followed is None:
            followed = self._followed[key] = _Followed(api, run_id, partial(self.standing, api, run_id))
        page = _Page(after, take, tell)
        followed.pages.append(page)

        def leave() -> None:
            if page in followed.pages:
                followed.pages.remove(page)
            if not followed.pages and self._followed.get(key) is followed:
                del self._followed[key]
                followed.task.cancel()

        return leave


class _Followed:
    def __init__(self, api: Api, run_id: str, stand: Callable[[], Awaitable[Standing]]) -> None:
        self._api, self._run_id, self._stand = api, run_id, stand
        self.pages: list[_Page] = []
        self.task = asyncio.create_task(self._follow(), name=f"following {run_id}")

    async def _follow(self) -> None:
        fault: DashboardFault | None = None
        while not isinstance(fault, ApiRefused) or not fault.final:
            await asyncio.sleep(EVERY_SECONDS)
            before, fault = fault, None
            try:
                await self._look()
            except DashboardFault as found:  # what passes: no event is lost meanwhile
                fault = found
                log.info("run %s cannot be followed now: %s", self._run_id, fault)
            if fault is not None or before is not None:
                for page in tuple(self.pages):
                    page.tell(fault)

    async def _look(self) -> None:
        """Pages that know equally much, most often all of them, are served by one request."""
        fault: DashboardFault | None = None
        for seen in sorted({page.seen for page in self.pages}):
            events = await self._api.events(self._run_id, seen)
            if not events:
                continue
            changed = any(event.kind not in PASSING for event in events)
            standing = await self._stand() if changed else None
            for page in [page for page in self.pages if page.seen == seen]:
                if page in self.pages:  # its viewer may leave while another's page is told
                    fault = await self._give(page, events, standing) or fault
                await asyncio.sleep(0)  # whoever waits for an answer does not wait for all pages
        if fault is not None:
            raise fault

    async def _give(self, page: _Page, events: list[Event], standing: Standing | None) -> DashboardFault | None:
        """What keeps the page from showing it now, if anything does: it is told the same again then."""
        try:
            await page.take(events, standing)
        except DashboardFault as fault:
            return fault
        except Exception:
            if page in self.pages:
                log.exception("a page of run %s is no longer told what happens", self._run_id)
                self.pages.remove(page)
        page.seen = events[-1].number
        return None
