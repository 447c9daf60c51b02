"""Trainings of a run, with curves of no more points than are asked for."""

from __future__ import annotations

from typing import Annotated, TypeVar

from fastapi import APIRouter, Query

from service.api.deps import CandidateId, CurrentStore, RunId
from service.api.errors import COMMON, MISSING
from service.schema import Training

T = TypeVar("T")
router = APIRouter(prefix="/runs/{run_id}", tags=["trainings"], responses={**COMMON, **MISSING})
Points = Annotated[
    int,
    Query(
        ge=2, le=10_000, description="Points of each curve at most, evenly spread, the first and the last among them."
    ),
]


@router.get("/trainings", operation_id="listTrainings", summary="List a run's trainings")
def list_trainings(run_id: RunId, store: CurrentStore, points: Points = 1000) -> tuple[Training, ...]:
    """All trainings with their curves and results, those of the final comparison included."""
    return tuple(_thinned(training, points) for training in store.trainings(run_id))


@router.get(
    "/candidates/{candidate_id}/trainings",
    operation_id="listCandidateTrainings",
    summary="List the trainings of a reward function",
)
def list_candidate_trainings(
    run_id: RunId, candidate_id: CandidateId, store: CurrentStore, points: Points = 1000
) -> tuple[Training, ...]:
    """One for each seed, with curve and result, and those of the final comparison where the candidate won."""
    return tuple(_thinned(training, points) for training in store.trainings(run_id, candidate_id))


def _thinned(training: Training, points: int) -> Training:
    return training.model_copy(update={"curve": spread(training.curve, points)})


def spread(curve: tuple[T, ...], points: int) -> tuple[T, ...]:
    """At most so many entries, two at least, evenly spread, the first and the last among them."""
    if len(curve) <= points:
        return curve
    last = len(curve) - 1
    return tuple(curve[round(at * last / (points - 1))] for at in range(points))
