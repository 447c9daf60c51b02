"""What happens in the runs that are streamed: this process asks the database once for all its streams, not in each of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from anyio import CapacityLimiter, to_thread

from service.schema import Event
from service.store import News, Store, StoreError

POLL_SECONDS = 0.25
PAGE = 200
"""Events read at once."""
logger = logging.getLogger(__name__)


@dataclass
class Watched:
    """One run with streams.

    `news`: what the last look brought, None before the first. `lost`: the run is gone or the store failed, and nobody looks any
    more. `changed` is set at each change, and another put in its place.
    """

    news: News | None = None
    lost: bool = False
    streams: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def fresh(self, after: int) -> tuple[Event, ...]:
        """The events above `after` that the last look brought; nothing where it left some out."""
        events = () if self.news is None else self.news.events
        return events[after + 1 - events[0].number :] if events and events[0].number <= after + 1 else ()

    def behind(self, after: int) -> bool:
        """Whether there may be events above `after`."""
        return self.news is None or after < self.news.number

    def ended(self, after: int) -> bool:
        """Whether the run has ended with no event above `after`."""
        return self.news is not None and self.news.ended and not self.behind(after)

    def tell(self) -> None:
        """Wakes the run's streams."""
        self.changed.set()
        self.changed = asyncio.Event()


class Watch:
    """Looks at all runs with streams four times a second, as long as there are any. For one event loop."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._watched: dict[str, Watched] = {}
        self._task: asyncio.Task[None] | None = None
        self._turn = CapacityLimiter(1)  # of its own: streams do not wait for requests

    @contextmanager
    def of(self, run_id: str) -> Iterator[Watched]:
        """Has a run looked at for one more stream."""
        watched = self._watched.setdefault(run_id, Watched())
        watched.streams += 1
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look_again_and_again())
        try:
            yield watched
        finally:
            watched.streams -= 1
            if not watched.streams and self._watched.get(run_id) is watched:
                del self._watched[run_id]

    async def _look_again_and_again(self) -> None:
        try:
            while self._watched:
                await self._look()
                await asyncio.sleep(POLL_SECONDS)
        except StoreError as error:
            logger.warning("the streams of %d runs end: %s", len(self._watched), error)
        finally:
            for run_id in tuple(self._watched):
                self._lose(run_id)

    async def _look(self) -> None:
        known = {run_id: None if one.news is None else one.news.number for run_id, one in self._watched.items()}
        found = await to_thread.run_sync(self._store.news, known, PAGE, limiter=self._turn)
        for run_id in known.keys() & self._watched.keys():
            watched, news = self._watched[run_id], found.get(run_id)
            if news is None:
                self._lose(run_id)
            elif watched.news is None or (news.number, news.ended) != (watched.news.number, watched.news.ended):
                watched.news = news
                watched.tell()

    def _lose(self, run_id: str) -> None:
        watched = self._watched.pop(run_id)
        watched.lost = True
        watched.tell()
