"""Pages that show one run are told what happens in it, over the real API, by one request a second for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from service.app import create_app
from service.artifacts import ArtifactStore
from service.dashboard.client import Api
from service.dashboard.faults import ApiAway, DashboardFault
from service.dashboard.following import Following, Standing, Take
from service.schema import Event, Fitness, Lineage, RunRequest
from service.settings import Settings
from service.store import Store, Writer, open_store, process_owner
from tests.integration.store.test_candidates import candidate

FITNESS = Fitness(name="forward_speed", score="x_position[-1]", success="steps == max_steps")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path}/runs.db")
    yield opened
    opened.close()


@pytest.fixture
def writer(store: Store) -> Writer:
    claim = store.claim(
        process_owner(), 3600.0, store.create_run(RunRequest(task="hop", environment="Hopper-v5"), FITNESS, 1).id
    )
    assert claim is not None
    return store.writer(claim)


@asynccontextmanager
async def api(store: Store, folder: Path, sent: list[int]) -> AsyncIterator[Api]:
    """The API of that store in this process; the numbers of the events that it sends are noted."""
    app = create_app(Settings(data_folder=folder), store, ArtifactStore(str(folder)), lambda _: None, open_access=True)

    async def note(answer: httpx.Response) -> None:
        await answer.aread()
        if answer.url.path.endswith("/events"):
            sent.extend(event["number"] for event in answer.json())

    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://api.test", event_hooks={"response": [note]}
    ) as http:
        yield Api(http)


def page(numbers: list[int], standings: list[Standing], enough: asyncio.Event, last: int) -> Take:
    """A page that remembers what it is told, until it has heard of the last event."""

    async def take(events: list[Event], standing: Standing | None) -> None:
        numbers.extend(event.number for event in events)
        if standing is not None:
            standings.append(standing)
        if numbers[-1] >= last:
            enough.set()

    return take


def tell(fault: DashboardFault | None) -> None:
    """A page that says nothing of faults."""


def test_each_page_is_told_each_event_once_and_in_order_and_all_are_served_together(
    store: Store, writer: Writer, tmp_path: Path
) -> None:
    async def followed() -> tuple[list[int], list[int], list[int], list[Standing]]:
        sent: list[int] = []
        first, second, standings = [], [], []
        all_told, too = asyncio.Event(), asyncio.Event()
        async with api(store, tmp_path, sent) as known, asyncio.timeout(30):
            following, run_id = Following(), writer.claim.run_id
            after = store.get_run(run_id).last_event
            leave = following.follow(known, run_id, after, page(first, standings, all_told, after + 3), tell)
            leave_too = following.follow(known, run_id, after, page(second, [], too, after + 3), tell)
            for number in range(2):
                writer.log(f"event {number}")
            writer.start_iteration(1)
            await asyncio.gather(all_told.wait(), too.wait())
            leave()
            leave_too()
        first, second, sent = ([number - after for number in numbers] for numbers in (first, second, sent))
        return first, second, sent, standings

    first, second, sent, standings = asyncio.run(followed())
    assert first == second == [1, 2, 3]
    assert sent == [1, 2, 3]  # once for both
    assert standings[-1].iterations[0].number == 1


def test_pages_have_the_candidates_of_a_run_in_common_until_those_change(
    store: Store, writer: Writer, tmp_path: Path
) -> None:
    async def stand() -> list[Lineage]:
        async with api(store, tmp_path, []) as known:
            following, run_id = Following(), writer.claim.run_id
            writer.start_iteration(1)
            lineages = [(await following.standing(known, run_id)).lineage for _ in range(2)]
            writer.add_candidate(candidate(writer, 1, 0))
            return [*lineages, *[(await following.standing(known, run_id)).lineage for _ in range(2)]]

    first, second, third, fourth = asyncio.run(stand())
    assert first is second
    assert third is fourth
    assert [len(lineage.candidates) for lineage in (first, third)] == [0, 1]


def test_a_page_that_fails_is_told_no_more_and_the_others_are(store: Store, writer: Writer, tmp_path: Path) -> None:
    async def followed() -> list[int]:
        told: list[int] = []
        enough = asyncio.Event()
        async with api(store, tmp_path, []) as known, asyncio.timeout(30):
            following, run_id = Following(), writer.claim.run_id
            after = store.get_run(run_id).last_event

            async def fail(events: list[Event], standing: Standing | None) -> None:
                raise RuntimeError("its viewer has gone")

            leaves = [
                following.follow(known, run_id, after, fail, tell),
                following.follow(known, run_id, after, page(told, [], enough, after + 1), tell),
            ]
            writer.log("event")
            await enough.wait()
            for leave in leaves:
                leave()
        return [number - after for number in told]

    assert asyncio.run(followed()) == [1]


def test_a_page_that_cannot_have_what_it_asks_for_is_told_the_same_again_and_others_once(
    store: Store, writer: Writer, tmp_path: Path
) -> None:
    heard: list[str | None] = []

    async def followed() -> tuple[list[int], list[int]]:
        tried: list[int] = []
        told: list[int] = []
        enough = asyncio.Event()
        async with api(store, tmp_path, []) as known, asyncio.timeout(30):
            following, run_id = Following(), writer.claim.run_id
            after = store.get_run(run_id).last_event

            async def fail_at_first(events: list[Event], standing: Standing | None) -> None:
                tried.append(events[-1].number - after)
                if len(tried) == 1:
                    raise ApiAway("not now")
                enough.set()

            def note(fault: DashboardFault | None) -> None:
                heard.append(None if fault is None else str(fault))

            leaves = [
                following.follow(known, run_id, after, fail_at_first, note),
                following.follow(known, run_id, after, page(told, [], asyncio.Event(), after + 1), tell),
            ]
            writer.log("event")
            await enough.wait()
            for leave in leaves:
                leave()
        return tried, [number - after for number in told]

    assert asyncio.run(followed()) == ([1, 1], [1])
    assert heard == ["not now"]


def test_a_page_whose_viewer_leaves_while_another_is_told_keeps_nothing_from_the_rest(
    store: Store, writer: Writer, tmp_path: Path
) -> None:
    async def followed() -> list[int]:
        told: list[int] = []
        enough = asyncio.Event()
        leaves: list[Callable[[], None]] = []
        async with api(store, tmp_path, []) as known, asyncio.timeout(30):
            following, run_id = Following(), writer.claim.run_id
            after = store.get_run(run_id).last_event

            async def see_the_next_leave(events: list[Event], standing: Standing | None) -> None:
                leaves[1]()

            async def fail(events: list[Event], standing: Standing | None) -> None:
                raise RuntimeError("its client has been deleted")

            last = page(told, [], enough, after + 2)
            leaves.extend(
                following.follow(known, run_id, after, take, tell) for take in (see_the_next_leave, fail, last)
            )
            writer.log("first")
            while not told:
                await asyncio.sleep(0.01)
            writer.log("second")
            await enough.wait()
            for leave in leaves:
                leave()
        return [number - after for number in told]

    assert asyncio.run(followed()) == [1, 2]


def test_a_page_is_told_of_a_fault_and_of_its_end_and_of_a_run_that_is_gone(
    store: Store, writer: Writer, tmp_path: Path
) -> None:
    run_id = writer.claim.run_id
    after = store.get_run(run_id).last_event
    away = iter([httpx.Response(502), httpx.Response(200, json=[]), httpx.Response(404, json={"detail": "no run"})])
    heard: list[str | None] = []

    async def followed() -> None:
        gone = asyncio.Event()

        def note(fault: DashboardFault | None) -> None:
            heard.append(None if fault is None else str(fault))
            if heard[-1] == "no run":
                gone.set()

        async def take(events: list[Event], standing: Standing | None) -> None:
            """Nothing happens in this run."""

        transport = httpx.MockTransport(lambda _: next(away))
        async with httpx.AsyncClient(transport=transport, base_url="http://api.test") as http, asyncio.timeout(30):
            leave = Following().follow(Api(http), run_id, after, take, note)
            await gone.wait()
            leave()

    asyncio.run(followed())
    assert heard == ["the API answered 502 without saying why", None, "no run"]
