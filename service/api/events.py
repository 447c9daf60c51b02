"""Events of a run: a list, or a stream that can be taken up where it broke off."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import Annotated

import anyio
from anyio import to_thread
from fastapi import APIRouter, Header, Query, Response
from sse_starlette import EventSourceResponse, ServerSentEvent

from service.api.deps import CurrentStore, RunId
from service.api.errors import COMMON, MISSING
from service.schema import Event
from service.store import Store, StoreError

logger = logging.getLogger(__name__)
router = APIRouter(prefix="/runs/{run_id}/events", tags=["events"], responses={**COMMON, **MISSING})

PAGE = 200
POLL_SECONDS = 0.25
HEARTBEAT_SECONDS = 15
LAST_NUMBER = 2**53
EVENT_STREAM = "text/event-stream"
Number = Annotated[int, Query(ge=0, le=LAST_NUMBER, description="Only events with higher numbers.")]


@router.get(
    "",
    operation_id="listEvents",
    summary="Read or follow a run's events",
    response_model=tuple[Event, ...],
    responses={
        200: {
            "description": "The events as a list, or as a stream where `Accept: text/event-stream` asks for one.",
            "content": {EVENT_STREAM: {"schema": {"type": "string"}}},
        }
    },
)
def list_events(
    run_id: RunId,
    store: CurrentStore,
    after: Number = 0,
    limit: Annotated[int, Query(ge=1, le=1000, description="Events in a list; a stream has no limit.")] = 1000,
    accept: Annotated[str, Header(description=f"`{EVENT_STREAM}` for a stream.")] = "",
    last_event_id: Annotated[int | None, Header(ge=0, le=LAST_NUMBER, description="Where a stream goes on.")] = None,
) -> Response | tuple[Event, ...]:
    """Events in order and without gaps. A stream ends when the run has ended."""
    if EVENT_STREAM not in accept:
        return store.events(run_id, after, limit)
    store.get_run(run_id)
    start = after if last_event_id is None else last_event_id
    return EventSourceResponse(follow(store, run_id, start), ping=HEARTBEAT_SECONDS)


async def follow(store: Store, run_id: str, after: int) -> AsyncIterator[ServerSentEvent]:
    """Every event above `after` as it is stored, until the run has ended; the store is asked in short calls of a thread.

    Where the store fails the stream ends, and its reader takes it up again with the last number it saw.
    """
    while True:
        try:
            events, ended = await to_thread.run_sync(_look, store, run_id, after)
        except StoreError as error:
            logger.warning("events of %s end after %d: %s", run_id, after, error)
            return
        for event in events:
            yield ServerSentEvent(event.model_dump_json(), event=event.kind, id=str(event.number))
            after = event.number
        if not events:
            if ended:
                return
            await anyio.sleep(POLL_SECONDS)


def _look(store: Store, run_id: str, after: int) -> tuple[tuple[Event, ...], bool]:
    ended = store.get_run(run_id).state.ended
    return store.events(run_id, after, PAGE), ended
