"""Completions of a run: what was said to a model, what it said, and what that cost."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from service.api.deps import CurrentStore, RunId
from service.api.errors import COMMON, MISSING
from service.schema import Completion

router = APIRouter(prefix="/runs/{run_id}/completions", tags=["completions"], responses={**COMMON, **MISSING})
Place = Annotated[int | None, Query(ge=0, le=10_000)]


@router.get("", operation_id="listCompletions", summary="List a run's completions")
def list_completions(
    run_id: RunId,
    store: CurrentStore,
    iteration: Annotated[Place, Query(description="Only those of this iteration.")] = None,
    slot: Annotated[Place, Query(description="Only those for this slot of an iteration.")] = None,
) -> tuple[Completion, ...]:
    """Every prompt and reply with tokens, cost and latency, in order of iteration, slot and attempt."""
    return store.completions(run_id, iteration, slot)
