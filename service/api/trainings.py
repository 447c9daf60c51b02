"""Trainings of a run."""

from __future__ import annotations

from fastapi import APIRouter

from service.api.deps import CurrentStore, RunId
from service.api.errors import COMMON, MISSING
from service.schema import Training

router = APIRouter(prefix="/runs/{run_id}/trainings", tags=["trainings"], responses={**COMMON, **MISSING})


@router.get("", operation_id="listTrainings", summary="List a run's trainings")
def list_trainings(run_id: RunId, store: CurrentStore) -> tuple[Training, ...]:
    """All trainings with their curves and results, those of the final comparison included."""
    return store.trainings(run_id)
