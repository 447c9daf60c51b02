"""Streams of events share one look at the database; none of them loses or repeats an event for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from sse_starlette import ServerSentEvent

from service.api.events import follow
from service.api.watch import PAGE, Watch
from service.schema import RunState
from service.store import Store, Writer, open_store
from tests.integration.api.whole_run import FITNESS, REQUEST


def numbers(events: list[ServerSentEvent]) -> list[int]:
    return [int(event.id or 0) for event in events]


async def rest(stream: AsyncIterator[ServerSentEvent]) -> list[ServerSentEvent]:
    return [event async for event in stream]


def test_streams_that_begin_anywhere_see_the_same_end(store: Store, writer: Writer) -> None:
    async def read() -> list[list[int]]:
        watch, run_id = Watch(store), writer.claim.run_id
        streams = [follow(store, watch, run_id, after) for after in (0, 0, 2)]
        first = [[await anext(stream)] for stream in streams[:2]]
        for n in range(2 * PAGE + 5):  # more than one look brings
            await asyncio.to_thread(writer.log, f"message {n}")
        await asyncio.to_thread(writer.set_run_state, RunState.COMPLETED)
        others = await asyncio.gather(*map(rest, streams))
        return [numbers(begun + other) for begun, other in zip([*first, []], others, strict=True)]

    # queued, running, 405 messages and the end
    assert asyncio.run(read()) == [list(range(1, 409)), list(range(1, 409)), list(range(3, 409))]


def test_a_stream_ends_with_a_run_that_is_deleted_and_the_others_go_on(store: Store, writer: Writer) -> None:
    doomed = store.create_run(REQUEST, FITNESS, 1)

    async def read() -> tuple[list[int], list[int]]:
        watch = Watch(store)
        lost, other = follow(store, watch, doomed.id, 0), follow(store, watch, writer.claim.run_id, 0)
        await anext(lost), await anext(other)
        store.delete(doomed.id)
        ended = await rest(lost)
        writer.set_run_state(RunState.COMPLETED)
        return numbers(ended), numbers(await rest(other))

    assert asyncio.run(read()) == ([], [2, 3])


def test_streams_end_where_the_store_fails_and_the_next_one_is_served_again(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    failing = open_store(f"sqlite:///{path}")
    run_id = failing.create_run(REQUEST, FITNESS, 1).id

    async def read() -> list[int]:
        watch = Watch(failing)
        stream = follow(failing, watch, run_id, 0)
        await anext(stream)
        failing.close()
        path.rename(tmp_path / "away")
        path.mkdir()  # what cannot be opened as a file
        assert await rest(stream) == []
        path.rmdir()
        (tmp_path / "away").rename(path)
        failing.request_state(run_id, "cancel")
        return numbers(await rest(follow(failing, watch, run_id, 1)))

    assert asyncio.run(read()) == [2]
    failing.close()
