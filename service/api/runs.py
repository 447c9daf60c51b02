"""Runs: submit, list, look, pause, resume, extend, cancel, delete."""

from __future__ import annotations

from hashlib import sha256
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query, Response

from service.api.acceptance import Accepted, check_budget
from service.api.access import CurrentCaller
from service.api.deps import CurrentArtifacts, CurrentDataFolder, CurrentStore, RunId
from service.api.errors import BODY, COMMON, CONFLICT, MISSING, FieldError, RequestRefused, documented
from service.baselines.stored import listed_with_human_normalised
from service.schema import Extension, Run, RunList, RunState
from service.store import Wanted

router = APIRouter(prefix="/runs", tags=["runs"], responses=COMMON)


@router.post(
    "",
    operation_id="createRun",
    summary="Submit a task",
    status_code=HTTPStatus.CREATED,
    responses={**BODY, **documented(HTTPStatus.CONFLICT)},
)
def create_run(
    accepted: Accepted,
    response: Response,
    store: CurrentStore,
    caller: CurrentCaller,
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=200,
            description="The same key from the same caller gives the same run, not another.",
        ),
    ] = None,
) -> Run:
    """Stores a run in `queued`, once its environment, fitness, steps, seed rewards, warm start and designer are known to work."""
    key = None if idempotency_key is None else sha256(f"{caller.id}\n{idempotency_key}".encode()).hexdigest()
    run = store.create_run(accepted.request, accepted.fitness, accepted.steps, key)
    response.headers["Location"] = f"/api/v1/runs/{run.id}"
    return run


@router.get("", operation_id="listRuns", summary="List runs", response_model=RunList)
def list_runs(
    store: CurrentStore,
    data_folder: CurrentDataFolder,
    state: Annotated[RunState | None, Query(description="Only runs in this state.")] = None,
    environment: Annotated[str | None, Query(max_length=64, description="Only runs in this environment.")] = None,
    text: Annotated[
        str | None, Query(min_length=1, max_length=200, description="Only runs whose task has this in it.")
    ] = None,
    sort: Annotated[
        Literal["newest", "updated", "fittest"],
        Query(
            description="What comes first; runs without a fitness come last, and a page of `updated` may repeat what changed."
        ),
    ] = "newest",
    limit: Annotated[int, Query(ge=1, le=200, description="Runs per page.")] = 50,
    cursor: Annotated[str | None, Query(max_length=200, description="`next_cursor` of the page before.")] = None,
) -> Response:
    """One page of runs."""
    try:
        page = store.list_runs(Wanted(state, environment, text, sort), limit, cursor)
    except ValueError as error:
        raise RequestRefused([FieldError(field="cursor", message=str(error))]) from error
    # Written here, in the thread that read it: FastAPI would send the page through another to check what is of its type already.
    items = listed_with_human_normalised(page.runs, page.comparisons, page.configs, data_folder)
    body = RunList(items=items, next_cursor=page.next_cursor).model_dump_json()
    return Response(body, media_type="application/json")


@router.get("/{run_id}", operation_id="getRun", summary="Look at a run", responses=MISSING)
def get_run(run_id: RunId, store: CurrentStore) -> Run:
    """The run as it stands."""
    return store.get_run(run_id)


@router.post("/{run_id}/pause", operation_id="pauseRun", summary="Pause a run", responses=CONFLICT)
def pause_run(run_id: RunId, store: CurrentStore) -> Run:
    """At once where nobody works on it, otherwise as soon as its owner hears of it."""
    return store.request_state(run_id, "pause")


@router.post("/{run_id}/resume", operation_id="resumeRun", summary="Resume a run", responses=CONFLICT)
def resume_run(run_id: RunId, store: CurrentStore) -> Run:
    """Queues a paused run again; a running one that was asked to pause goes on."""
    return store.request_state(run_id, "resume")


@router.post("/{run_id}/extend", operation_id="extendRun", summary="Give a run more", responses={**CONFLICT, **BODY})
def extend_run(run_id: RunId, extension: Extension, store: CurrentStore) -> Run:
    """Adds iterations, or sets another budget. A run that had completed or failed is queued again and ends anew."""
    if extension == Extension():
        raise RequestRefused([FieldError(field="iterations", message="give iterations, or budget, or both")])
    if extension.budget is not None:
        check_budget(extension.budget, store.get_run(run_id).request.designer)
    return store.extend(run_id, extension)


@router.delete(
    "/{run_id}",
    operation_id="deleteRun",
    summary="Delete a run",
    status_code=HTTPStatus.NO_CONTENT,
    responses=CONFLICT,
)
def delete_run(run_id: RunId, store: CurrentStore, artifacts: CurrentArtifacts) -> None:
    """Removes the run with all its candidates, policies and events. 409 while it is worked on or another begins with it."""
    store.delete(run_id)
    artifacts.delete_prefix(f"runs/{run_id}")


@router.post("/{run_id}/cancel", operation_id="cancelRun", summary="Cancel a run", responses=CONFLICT)
def cancel_run(run_id: RunId, store: CurrentStore) -> Run:
    """Ends the run with what it has; it cannot be resumed."""
    return store.request_state(run_id, "cancel")
