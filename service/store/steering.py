"""What users wish for a run: to pause, resume or cancel it, to have more of it, or none."""

from __future__ import annotations

from sqlalchemy import delete as delete_from
from sqlmodel import Session, col, select

from service.schema import EventKind, Extension, Run, RunRequest, RunState
from service.schema.search import MOST_ITERATIONS
from service.store import candidates, records
from service.store.census import keep
from service.store.change import Change
from service.store.claims import withdraw
from service.store.errors import StateConflict
from service.store.states import WORTH_CONTINUING, Wish, wished
from service.store.tables import (
    CandidateRow,
    CompletionRow,
    ContributionRow,
    CurvePointRow,
    EventRow,
    FaultRow,
    FeedbackRow,
    IterationRow,
    PreferenceRow,
    RunRow,
    TrainingRow,
)

PARTS = (
    TrainingRow,
    CandidateRow,
    CompletionRow,
    IterationRow,
    EventRow,
    FaultRow,
    FeedbackRow,
    PreferenceRow,
    ContributionRow,
)
"""What a run has, each after whatever refers to it."""


def wish_for(session: Session, run_id: str, wish: Wish) -> Run:
    """Does what is wished at once where nobody works on the run, else notes it for the owner to obey."""
    row = records.run_row(session, run_id, lock=True)
    then = wished(run_id, RunState(row.state), wish)
    if row.wanted_state == RunState.CANCELLED and wish != "cancel":
        raise StateConflict(f"run {run_id} is being cancelled: it cannot {wish}; allowed here: cancel")
    change = Change(session, row)
    if then is RunState.RUNNING:
        row.wanted_state = None
    elif withdraw(row):
        if wish == "resume":
            row.excused_iterations = row.iteration
            if row.state == RunState.AWAITING_FEEDBACK:
                row.heard_iterations = row.iteration
        change.move(then, None if then is RunState.QUEUED else f"{wish} was asked for")
    elif row.wanted_state != then:
        row.wanted_state = then
        change.event(EventKind.LOG, f"{wish} was asked for", state=then)
    return records.run_of(row)


def continue_candidate(session: Session, run_id: str, candidate_id: str) -> Run:
    """Queues a pruned candidate again, and its run unless somebody works on it."""
    row, then = _worth_more(session, run_id, "none of its candidates can be continued")
    change = Change(session, row)
    candidates.continue_pruned(change, candidate_id)
    if then is not RunState.RUNNING:
        change.move(then, None)
    return records.run_of(row)


def extend(session: Session, run_id: str, extension: Extension) -> Run:
    """Gives a run more iterations and another budget; one that has completed or failed is queued again for them."""
    row, then = _worth_more(session, run_id, "it cannot be extended")
    row.request = _extended(row.request, extension)
    change = Change(session, row)
    change.event(EventKind.LOG, _in_words(row.request, extension))
    if row.state in (RunState.COMPLETED, RunState.FAILED):
        row.excused_iterations = row.iteration
        change.move(then, None)
    return records.run_of(row)


def delete(session: Session, run_id: str) -> None:
    """Removes a run and all that is known of it, unless somebody works on it or another run begins with its policy."""
    row = records.run_row(session, run_id, lock=True)
    if not withdraw(row):
        raise StateConflict(
            f"run {run_id} is {row.state}: only one that nobody works on can be deleted; cancel it first"
        )
    if other := records.begun_with(session).get(run_id):
        raise StateConflict(f"run {other} begins with a policy of run {run_id}: let it end, or cancel it first")
    keep(session, run_id)
    trainings = select(TrainingRow.id).where(TrainingRow.run_id == run_id)
    session.execute(delete_from(CurvePointRow).where(col(CurvePointRow.training_id).in_(trainings)))
    for table in PARTS:
        session.execute(delete_from(table).where(col(table.run_id) == run_id))
    session.delete(row)


def _worth_more(session: Session, run_id: str, otherwise: str) -> tuple[RunRow, RunState]:
    row = records.run_row(session, run_id, lock=True)
    then = WORTH_CONTINUING.get(RunState(row.state))
    if then is None or row.wanted_state == RunState.CANCELLED:
        raise StateConflict(f"run {run_id} is {RunState.CANCELLED}: {otherwise}")
    return row, then


def _extended(request: RunRequest, extension: Extension) -> RunRequest:
    iterations = request.search.iterations + extension.iterations
    if iterations > MOST_ITERATIONS:
        raise StateConflict(
            f"a run may have {MOST_ITERATIONS} iterations: this one has {request.search.iterations}, and {extension.iterations} "
            f"more make {iterations}"
        )
    search = request.search.model_copy(update={"iterations": iterations})
    return request.model_copy(update={"search": search, "budget": extension.budget or request.budget})


def _in_words(request: RunRequest, extension: Extension) -> str:
    limits = request.budget.model_dump(exclude_none=True)
    budget = ", ".join(f"{limit} {name.replace('_', ' ')}" for name, limit in limits.items()) or "no limit"
    told = f"extended to {request.search.iterations} iterations"
    return told if extension.budget is None else f"{told}; the budget is {budget} now"
