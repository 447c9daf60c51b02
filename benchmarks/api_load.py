"""The load of `benchmarks.api`, in a process of its own: listings at a fixed rate, and streams of events.

It reads a `Plan` from standard input, says `listed` on standard output once all listings are answered, follows the streams until
their runs have ended, and says its `Outcome`. Its client reads answers in C and its
loop is uvloop's, since it shares the cores with what it measures.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections import deque
from datetime import UTC, datetime
from typing import Final

import aiohttp
import uvloop
from pydantic import BaseModel

from service.schema import Event, RunState

WARM_UP_SECONDS: Final = 5.0
"""Listings at the same rate that are not counted: each process of the server has opened its connections then."""
LONGEST_WAIT_SECONDS: Final = 30.0
DROPPING: Final = 8
"""Of so many readers one drops its stream again and again, 2 to 20 seconds after it began."""
LEAFED: Final = 0.5
"""Share of listings that go on where an earlier page ended, if there is one."""
QUERIES: Final[tuple[dict[str, str], ...]] = (
    {},
    {"sort": "updated"},
    {"sort": "fittest"},
    {"state": "completed"},
    {"state": "running", "sort": "updated"},
    {"environment": "Ant-v5"},
    {"environment": "Hopper-v5", "sort": "fittest"},
    {"text": "backwards"},
    {"text": "nobody asked for this"},
    {"state": "failed", "environment": "Walker2d-v5", "text": "slow"},
)


class Plan(BaseModel):
    """What to ask, of whom and for how long; `streams` are readers of events, spread evenly over `runs`."""

    url: str
    token: str
    runs: tuple[str, ...]
    seconds: float
    rate: float
    streams: int


class Outcome(BaseModel):
    """Latencies in seconds, in the order of the answers; delays from an event's time to its reader, in seconds."""

    latencies: list[float]
    failures: int
    events: int
    lost: int
    repeated: int
    drops: int
    delays: list[float]


class Listings:
    """Open loop: a listing is sent when it is due, whatever became of those before, and its latency counts from then."""

    def __init__(self, client: aiohttp.ClientSession, plan: Plan) -> None:
        self._client, self._plan, self._url = client, plan, f"{plan.url}/runs"
        self._random = random.Random(0)
        self._pages: deque[dict[str, str]] = deque(maxlen=1000)
        self.latencies: list[float] = []
        self.failures = 0

    async def ask(self) -> None:
        """Sends all listings and waits for their answers."""
        begun = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number in range(int((WARM_UP_SECONDS + self._plan.seconds) * self._plan.rate)):
                due = number / self._plan.rate
                await asyncio.sleep(max(0.0, begun + due - time.perf_counter()))
                group.create_task(self._one(begun + due, counted=due >= WARM_UP_SECONDS))

    async def _one(self, due: float, counted: bool) -> None:
        leafed = bool(self._pages) and self._random.random() < LEAFED
        query = self._pages.popleft() if leafed else self._random.choice(QUERIES)
        try:
            async with self._client.get(self._url, params=query) as answer:
                answer.raise_for_status()
                body = await answer.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            print(f"a listing failed: {error!r}", file=sys.stderr)
            self.failures += 1
            return
        if counted:
            self.latencies.append(time.perf_counter() - due)
        # To read all of it as JSON would take the server's time: they share the machine.
        tail = body[-220:].decode(errors="replace")
        cursor = tail.rpartition('"next_cursor":"')[2].partition('"')[0] if '"next_cursor":"' in tail else ""
        if cursor:
            self._pages.append({**query, "cursor": cursor})


class Reader:
    """One reader of one run's events, that remembers every number it saw, and the delay of what came after it began to read."""

    def __init__(self, client: aiohttp.ClientSession, url: str, seed: int, drops: bool) -> None:
        self._client, self._url = client, url
        self._random = random.Random(seed)
        self._drops = drops
        self._ended = False
        self._begun = datetime.now(UTC)
        self.numbers: list[int] = []
        self.delays: list[float] = []
        self.drops = 0

    async def read(self) -> None:
        """Follows the run to its end, taking the stream up again wherever it broke off."""
        while not self._ended:
            patience = self._random.uniform(2.0, 20.0) if self._drops else None
            try:
                async with asyncio.timeout(patience):
                    await self._follow()
            except (TimeoutError, aiohttp.ClientError):
                self.drops += 1

    async def _follow(self) -> None:
        headers = {"Accept": "text/event-stream", "Last-Event-ID": str(self.numbers[-1] if self.numbers else 0)}
        async with self._client.get(self._url, headers=headers) as answer:
            answer.raise_for_status()
            async for line in answer.content:
                if line.startswith(b"data:"):
                    self._take(Event.model_validate_json(line.removeprefix(b"data:")))

    def _take(self, event: Event) -> None:
        self.numbers.append(event.number)
        if event.at > self._begun:
            self.delays.append((datetime.now(UTC) - event.at).total_seconds())
        self._ended = event.state == RunState.COMPLETED


async def load(plan: Plan) -> Outcome:
    """Puts the load on the server."""
    bearer = {"Authorization": f"Bearer {plan.token}"}
    listing = aiohttp.ClientSession(headers=bearer, timeout=aiohttp.ClientTimeout(total=LONGEST_WAIT_SECONDS))
    endless, without_limit = aiohttp.ClientTimeout(total=None), aiohttp.TCPConnector(limit=0)
    streaming = aiohttp.ClientSession(headers=bearer, timeout=endless, connector=without_limit)
    async with listing, streaming, asyncio.TaskGroup() as group:
        readers = [
            Reader(
                streaming,
                f"{plan.url}/runs/{plan.runs[number % len(plan.runs)]}/events",
                number,
                number % DROPPING == 0,
            )
            for number in range(plan.streams)
        ]
        for reader in readers:
            group.create_task(reader.read())
        listings = Listings(listing, plan)
        await listings.ask()
        print("listed", flush=True)
    seen = [reader.numbers for reader in readers]
    return Outcome(
        latencies=listings.latencies,
        failures=listings.failures,
        events=sum(map(len, seen)),
        lost=sum(max(numbers) - len(set(numbers)) for numbers in seen),
        repeated=sum(len(numbers) - len(set(numbers)) for numbers in seen),
        drops=sum(reader.drops for reader in readers),
        delays=[delay for reader in readers for delay in reader.delays],
    )


if __name__ == "__main__":
    print(uvloop.run(load(Plan.model_validate_json(sys.stdin.readline()))).model_dump_json())
