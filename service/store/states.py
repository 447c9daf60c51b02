"""Which state may follow which: the tables, and the refusals that name what is allowed."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import Literal

from service.schema import CandidateState, IterationState, RunState
from service.store.errors import StateConflict

Wish = Literal["pause", "resume", "cancel"]

WISHES: dict[Wish, dict[RunState, RunState]] = {
    "pause": {
        RunState.QUEUED: RunState.PAUSED,
        RunState.RUNNING: RunState.PAUSED,
        RunState.AWAITING_FEEDBACK: RunState.PAUSED,
    },
    "resume": {
        RunState.PAUSED: RunState.QUEUED,
        RunState.AWAITING_FEEDBACK: RunState.QUEUED,
        RunState.RUNNING: RunState.RUNNING,
    },
    "cancel": {
        RunState.QUEUED: RunState.CANCELLED,
        RunState.RUNNING: RunState.CANCELLED,
        RunState.PAUSED: RunState.CANCELLED,
        RunState.AWAITING_FEEDBACK: RunState.CANCELLED,
    },
}

CANDIDATE_STEPS: dict[CandidateState, frozenset[CandidateState]] = {
    CandidateState.PROPOSED: frozenset(
        {CandidateState.REJECTED, CandidateState.SCREENED_OUT, CandidateState.QUEUED, CandidateState.FAILED}
    ),
    CandidateState.QUEUED: frozenset({CandidateState.TRAINING, CandidateState.PRUNED, CandidateState.FAILED}),
    CandidateState.TRAINING: frozenset({CandidateState.PRUNED, CandidateState.TRAINED, CandidateState.FAILED}),
    CandidateState.REJECTED: frozenset(),
    CandidateState.SCREENED_OUT: frozenset(),
    CandidateState.PRUNED: frozenset({CandidateState.QUEUED}),
    CandidateState.TRAINED: frozenset(),
    CandidateState.FAILED: frozenset(),
}

WORTH_CONTINUING: dict[RunState, RunState] = {
    RunState.QUEUED: RunState.QUEUED,
    RunState.RUNNING: RunState.RUNNING,
    RunState.PAUSED: RunState.QUEUED,
    RunState.AWAITING_FEEDBACK: RunState.QUEUED,
    RunState.COMPLETED: RunState.QUEUED,
    RunState.FAILED: RunState.QUEUED,
}
"""Where a run goes when one of its pruned candidates is to be trained to its end; a cancelled one stays as it is."""

ITERATION_ORDER = tuple(IterationState)


def listed(states: Collection[StrEnum | str]) -> str:
    """The states as words, for messages."""
    return ", ".join(str(state) for state in states) or "nothing"


def wished(run_id: str, state: RunState, wish: Wish) -> RunState:
    """The state that a user's wish leads to. Raises `StateConflict` naming the wishes allowed in `state`."""
    if state not in WISHES[wish]:
        allowed = [other for other, table in WISHES.items() if state in table]
        raise StateConflict(f"run {run_id} is {state}: it cannot {wish}; allowed here: {listed(allowed)}")
    return WISHES[wish][state]


def check_candidate_step(candidate_id: str, state: CandidateState, then: CandidateState) -> None:
    """Raises `StateConflict` unless a candidate may go from `state` to `then`; staying is always allowed."""
    if then != state and then not in CANDIDATE_STEPS[state]:
        allowed = listed(sorted(CANDIDATE_STEPS[state]))
        raise StateConflict(f"candidate {candidate_id} is {state}: it cannot become {then}; allowed here: {allowed}")


def check_iteration_step(run_id: str, number: int, state: IterationState, then: IterationState) -> None:
    """Raises `StateConflict` if the iteration would go backwards."""
    if ITERATION_ORDER.index(then) < ITERATION_ORDER.index(state):
        allowed = listed(ITERATION_ORDER[ITERATION_ORDER.index(state) :])
        raise StateConflict(
            f"iteration {number} of run {run_id} is {state}: it cannot become {then}; allowed here: {allowed}"
        )
