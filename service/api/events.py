"""Events of a run: a list, or a stream that can be taken up where it broke off."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Header, Query, Response
from sse_starlette import EventSourceResponse, ServerSentEvent

from service.api.deps import CurrentStore, CurrentWatch, RunId
from service.api.errors import COMMON, MISSING
from service.api.watch import PAGE, Watch
from service.schema import Event
from service.store import Store, StoreError

logger = logging.getLogger(__name__)
router = APIRouter(prefix="/runs/{run_id}/events", tags=["events"], responses={**COMMON, **MISSING})

HEARTBEAT_SECONDS = 15
LAST_NUMBER = 2**31 - 1
"""The largest that the column of numbers holds in PostgreSQL."""
EVENT_STREAM = "text/event-stream"
STREAMED = {
    "type": "object",
    "required": ["id", "event", "data"],
    "properties": {
        "id": {"type": "string", "description": "The event's number."},
        "event": {"type": "string", "description": "Its kind."},
        "data": {
            "type": "string",
            "contentMediaType": "application/json",
            "contentSchema": {"$ref": "#/components/schemas/Event"},
        },
    },
}
"""One event of a stream, in the words of OpenAPI 3.2, since 3.1 has none for it."""
Number = Annotated[int, Query(ge=0, le=LAST_NUMBER, description="Only events with higher numbers.")]


@router.get(
    "",
    operation_id="listEvents",
    summary="Read or follow a run's events",
    response_model=tuple[Event, ...],
    responses={
        200: {
            "description": "The events as a list, or as a stream where `Accept: text/event-stream` asks for one.",
            "content": {EVENT_STREAM: {"itemSchema": STREAMED}},
        }
    },
)
def list_events(
    run_id: RunId,
    store: CurrentStore,
    watch: CurrentWatch,
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
    return EventSourceResponse(follow(store, watch, run_id, start), ping=HEARTBEAT_SECONDS)


async def follow(store: Store, watch: Watch, run_id: str, after: int) -> AsyncIterator[ServerSentEvent]:
    """Every event above `after` as it is stored, until the run has ended.

    Where the run is deleted or the store fails the stream ends, and its reader takes it up again with the last number it saw.
    """
    try:
        with watch.of(run_id) as watched:
            while not watched.lost:
                changed = watched.changed
                events = watched.fresh(after)
                if not events and watched.behind(after):
                    events = await to_thread.run_sync(store.events, run_id, after, PAGE)
                for event in events:
                    yield ServerSentEvent(event.model_dump_json(), event=event.kind, id=str(event.number))
                    after = event.number
                if not events and watched.ended(after):
                    return
                if not events:
                    await changed.wait()
    except StoreError as error:
        logger.warning("events of %s end after %d: %s", run_id, after, error)
