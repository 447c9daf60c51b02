"""What all runs come to, for people who look and programs that count."""

from __future__ import annotations

from fastapi import APIRouter

from service.api.deps import CurrentStore
from service.api.errors import COMMON
from service.api.health import SEEN_WITHIN
from service.schema import Census

router = APIRouter(tags=["health"], responses=COMMON)


@router.get("/census", operation_id="getCensus", summary="Ask what all runs come to")
def get_census(store: CurrentStore) -> Census:
    """Runs and candidates by state, what was counted since the database was made, and what was paid each day."""
    return store.census(SEEN_WITHIN)
