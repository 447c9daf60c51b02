"""Where candidates come from: the tree of all, and what one changed in another."""

from __future__ import annotations

from service.schema.run import CandidateState
from service.schema.search import Frozen


class Node(Frozen):
    """One candidate in the tree, without its code."""

    id: str
    iteration: int
    slot: int
    state: CandidateState
    origin: str
    parents: tuple[str, ...]
    fitness: float | None
    success_rate: float | None


class Lineage(Frozen):
    """All candidates of a run with their parents; `best_path` leads from a first proposal to the best of all."""

    candidates: tuple[Node, ...]
    best_path: tuple[str, ...]


class Difference(Frozen):
    """What one candidate's code has that another's has not: a unified diff, and the change of fitness where both have one."""

    candidate_id: str
    against: str
    fitness_change: float | None
    diff: str
