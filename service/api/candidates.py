"""Iterations and candidates of a run."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from service.api.deps import CandidateId, CurrentArtifacts, CurrentDataFolder, CurrentStore, RunId
from service.api.errors import COMMON, CONFLICT, MISSING
from service.baselines.stored import with_human_normalised
from service.evolution.selection import best_training
from service.schema import Candidate, CandidateState, Iteration, Run
from service.store import NotFound

POLICY = "application/octet-stream"
router = APIRouter(prefix="/runs/{run_id}", tags=["candidates"], responses={**COMMON, **MISSING})


@router.get("/iterations", operation_id="listIterations", summary="List a run's iterations")
def list_iterations(run_id: RunId, store: CurrentStore) -> tuple[Iteration, ...]:
    """All iterations in order, with the best and the mean fitness of each."""
    return store.iterations(run_id)


@router.get("/candidates", operation_id="listCandidates", summary="List a run's reward functions")
def list_candidates(
    run_id: RunId,
    store: CurrentStore,
    data_folder: CurrentDataFolder,
    sort: Annotated[
        Literal["fitness"] | None, Query(description="Best fitness first; by iteration and slot if not given.")
    ] = None,
    state: Annotated[CandidateState | None, Query(description="Only candidates in this state.")] = None,
) -> tuple[Candidate, ...]:
    """All candidates with code, verdict and findings; those without a fitness come last when sorted by it."""
    found = with_human_normalised(store.get_run(run_id), store.candidates(run_id, state), data_folder)
    return found if sort is None else tuple(sorted(found, key=_best_first))


@router.get("/candidates/{candidate_id}", operation_id="getCandidate", summary="Look at a reward function")
def get_candidate(
    run_id: RunId, candidate_id: CandidateId, store: CurrentStore, data_folder: CurrentDataFolder
) -> Candidate:
    """One candidate with code, verdict and findings."""
    found = store.candidate(run_id, candidate_id)
    return with_human_normalised(store.get_run(run_id), [found], data_folder)[0]


@router.get(
    "/candidates/{candidate_id}/policy",
    operation_id="getPolicy",
    summary="Fetch the policy trained with a reward function",
    response_class=Response,
    responses={
        200: {"description": "The policy.", "content": {POLICY: {"schema": {"type": "string", "format": "binary"}}}}
    },
)
def get_policy(run_id: RunId, candidate_id: CandidateId, store: CurrentStore, artifacts: CurrentArtifacts) -> Response:
    """The best policy of its trainings in the search, as safetensors, which run nothing when they are read."""
    best = best_training(store.trainings(run_id, candidate_id), candidate_id)
    key = None if best is None else store.policy_key(best.id)
    if key is None:
        raise NotFound(f"candidate {candidate_id} has no policy: none of its trainings has come to its end")
    headers = {"Content-Disposition": f'attachment; filename="{candidate_id}.policy.safetensors"'}
    return Response(artifacts.get(key), media_type=POLICY, headers=headers)


@router.post(
    "/candidates/{candidate_id}/continue",
    operation_id="continueCandidate",
    summary="Train a candidate to its end that was stopped early",
    responses=CONFLICT,
)
def continue_candidate(run_id: RunId, candidate_id: CandidateId, store: CurrentStore) -> Run:
    """Queues the candidate again, beyond the budget, and its run unless somebody works on it; one that had ended ends anew."""
    return store.continue_candidate(run_id, candidate_id)


def _best_first(candidate: Candidate) -> tuple[bool, float]:
    return (candidate.fitness is None, -(candidate.fitness or 0.0))
