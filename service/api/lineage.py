"""Where candidates come from: the tree of all, and what one changed in another."""

from __future__ import annotations

from difflib import unified_diff
from typing import Annotated

from fastapi import APIRouter, Query

from service.api.deps import ID_PATTERN, CandidateId, CurrentStore, RunId
from service.api.errors import COMMON, MISSING, FieldError, RequestRefused
from service.schema import Candidate, Difference, Lineage, Node

router = APIRouter(prefix="/runs/{run_id}", tags=["candidates"], responses={**COMMON, **MISSING})


@router.get("/lineage", operation_id="getLineage", summary="Look at the tree of a run's reward functions")
def get_lineage(run_id: RunId, store: CurrentStore) -> Lineage:
    """Every candidate with its parents, in the order in which they were proposed."""
    found = store.candidates(run_id)
    nodes = tuple(Node(**{name: getattr(one, name) for name in Node.model_fields}) for one in found)
    return Lineage(
        candidates=nodes, best_path=_path({one.id: one for one in found}, store.get_run(run_id).best_candidate_id)
    )


@router.get(
    "/candidates/{candidate_id}/diff", operation_id="diffCandidate", summary="Compare a reward function with another"
)
def diff_candidate(
    run_id: RunId,
    candidate_id: CandidateId,
    store: CurrentStore,
    against: Annotated[
        str | None,
        Query(pattern=ID_PATTERN, description="Another candidate of the run; its first parent if not given."),
    ] = None,
) -> Difference:
    """A unified diff from the other's code to this one's."""
    candidate = store.candidate(run_id, candidate_id)
    if against is None and not candidate.parents:
        raise RequestRefused(
            [
                FieldError(
                    field="against",
                    message=f"candidate {candidate_id} has no parent: name another candidate of the run",
                )
            ]
        )
    other = store.candidate(run_id, against or candidate.parents[0])
    lines = unified_diff(
        other.source.splitlines(), candidate.source.splitlines(), fromfile=other.id, tofile=candidate.id, lineterm=""
    )
    known = candidate.fitness is not None and other.fitness is not None
    change = (candidate.fitness or 0.0) - (other.fitness or 0.0) if known else None
    return Difference(candidate_id=candidate.id, against=other.id, fitness_change=change, diff="\n".join(lines))


def _path(candidates: dict[str, Candidate], best: str | None) -> tuple[str, ...]:
    """The best candidate, its fittest parent, and so on to one without parents; a parent is always of an earlier iteration."""
    path: list[str] = []
    current = candidates.get(best or "")
    while current is not None:
        path.append(current.id)
        parents = [candidates[one] for one in current.parents if one in candidates and one not in path]
        current = max(parents, key=lambda one: one.fitness if one.fitness is not None else float("-inf"), default=None)
    return tuple(reversed(path))
