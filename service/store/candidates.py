"""Changes of iterations and candidates."""

from __future__ import annotations

import math

from sqlalchemy import func
from sqlmodel import col, select

from service.schema import Candidate, CandidateState, EventKind, Finding, Interval, IterationState
from service.store import people, trainings
from service.store.change import Change
from service.store.errors import NotFound, StateConflict
from service.store.records import candidate_of, candidate_row
from service.store.states import check_candidate_step, check_iteration_step
from service.store.tables import CandidateRow, IterationRow

REPLACEABLE = (CandidateState.PROPOSED, CandidateState.REJECTED)


def start_iteration(change: Change, number: int) -> None:
    """Begins an iteration in `designing`; nothing happens if it has begun."""
    if change.session.get(IterationRow, (change.run.id, number)) is None:
        change.session.add(IterationRow(run_id=change.run.id, number=number, state=IterationState.DESIGNING))
        change.run.iteration = number
        people.take_in(change, number)
        _iteration_event(change, number, IterationState.DESIGNING)


def set_iteration_state(change: Change, number: int, state: IterationState) -> None:
    """Moves an iteration on. Raises `NotFound`, and `StateConflict` for a step backwards."""
    row = change.session.get(IterationRow, (change.run.id, number))
    if row is None:
        raise NotFound(f"run {change.run.id} has no iteration {number}: start it first")
    check_iteration_step(change.run.id, number, IterationState(row.state), state)
    if row.state != state:
        row.state = state
        _iteration_event(change, number, state)


def add(change: Change, candidate: Candidate) -> None:
    """Stores a candidate; one that is only proposed or rejected is replaced, the same one again changes nothing.

    Raises `StateConflict` if another reward has that id and is further on its way.
    """
    row = change.session.get(CandidateRow, candidate.id)
    if row is None:
        change.session.add(_row_of(change, candidate))
    elif candidate_of(row) == candidate or (row.state not in REPLACEABLE and row.source == candidate.source):
        return
    elif row.state in REPLACEABLE:
        change.session.merge(_row_of(change, candidate))
    else:
        raise StateConflict(
            f"candidate {candidate.id} is {row.state} with another source: a reward cannot be replaced once it is past its critic"
        )
    change.session.flush()
    if candidate.verdict is not None:
        for kind in {fault.code for fault in candidate.verdict.faults}:
            change.fault(kind)
    _event(change, candidate)


def set_state(
    change: Change,
    candidate_id: str,
    state: CandidateState,
    *,
    fitness: float | None = None,
    fitness_interval: Interval | None = None,
    success_rate: float | None = None,
    findings: tuple[Finding, ...] | None = None,
    reason: str | None = None,
) -> None:
    """Moves a candidate on and adds what became known (None leaves it). Raises `NotFound`, `StateConflict`, `ValueError`."""
    row = candidate_row(change.session, change.run.id, candidate_id)
    check_candidate_step(candidate_id, CandidateState(row.state), state)
    if fitness is not None and not math.isfinite(fitness):
        raise ValueError(f"candidate {candidate_id}: fitness must be finite, got {fitness}; fail the candidate instead")
    before = candidate_of(row)
    row.state = state
    row.fitness = row.fitness if fitness is None else fitness
    row.fitness_interval = row.fitness_interval if fitness_interval is None else fitness_interval
    row.success_rate = row.success_rate if success_rate is None else success_rate
    row.findings = row.findings if findings is None else findings
    row.reason = row.reason if reason is None else reason
    after = candidate_of(row)
    if after.model_copy(update={"findings": before.findings}) != before:
        _event(change, after)
        change.session.flush()
        _choose_best(change)
    if after.findings != before.findings:
        text = "; ".join(finding.message for finding in after.findings) or "nothing found"
        change.event(
            EventKind.FINDINGS,
            f"{candidate_id}: {text}",
            iteration=row.iteration,
            candidate_id=candidate_id,
            state=state,
        )


def prune(change: Change, candidate_id: str, reason: str, findings: tuple[Finding, ...]) -> None:
    """Stops a candidate in training and all its open trainings, once; `reason` says where and why. Raises as `set_state`."""
    if candidate_row(change.session, change.run.id, candidate_id).state == CandidateState.PRUNED:
        return
    set_state(change, candidate_id, CandidateState.PRUNED, findings=findings, reason=reason)
    trainings.prune_of(change, candidate_id, reason)


def continue_pruned(change: Change, candidate_id: str) -> None:
    """Queues a pruned candidate and its trainings again, to be trained to the end. Raises `NotFound`, `StateConflict`."""
    row = candidate_row(change.session, change.run.id, candidate_id)
    if row.state != CandidateState.PRUNED:
        raise StateConflict(
            f"candidate {candidate_id} is {row.state}: only one that is {CandidateState.PRUNED} can be continued"
        )
    row.state, row.reason, row.continued = CandidateState.QUEUED, None, True
    _event(change, candidate_of(row).model_copy(update={"reason": "to be trained to its end, as was asked for"}))
    trainings.queue_pruned_of(change, candidate_id)


def _row_of(change: Change, candidate: Candidate) -> CandidateRow:
    if candidate.run_id != change.run.id:
        raise StateConflict(f"candidate {candidate.id} is of run {candidate.run_id}, the claim is on {change.run.id}")
    return CandidateRow(
        id=candidate.id,
        run_id=candidate.run_id,
        iteration=candidate.iteration,
        slot=candidate.slot,
        state=candidate.state,
        source=candidate.source,
        origin=candidate.origin,
        parents=candidate.parents,
        verdict=candidate.verdict,
        fitness=candidate.fitness,
        fitness_interval=candidate.fitness_interval,
        success_rate=candidate.success_rate,
        continued=candidate.continued,
        findings=candidate.findings,
        reason=candidate.reason,
        created_at=candidate.created_at,
    )


def _choose_best(change: Change) -> None:
    query = (
        select(CandidateRow)
        .where(
            CandidateRow.run_id == change.run.id,
            CandidateRow.state == CandidateState.TRAINED,
            col(CandidateRow.fitness).is_not(None),
        )
        .order_by(
            col(CandidateRow.fitness).desc(),
            func.coalesce(CandidateRow.success_rate, 0.0).desc(),
            col(CandidateRow.iteration),
            col(CandidateRow.slot),
        )
        .limit(1)
    )
    best = change.session.exec(query).first()
    if best is None:
        return
    change.run.best_fitness, change.run.best_candidate_id = best.fitness, best.id
    change.run.bests = _bests(change)
    if change.run.comparison is not None and change.run.comparison.winner_id != best.id:
        change.run.comparison = None  # it speaks of another winner


def _bests(change: Change) -> tuple[float | None, ...]:
    """The best fitness of each iteration up to the last that has one."""
    trained = CandidateRow.run_id == change.run.id, CandidateRow.state == CandidateState.TRAINED
    query = select(CandidateRow.iteration, func.max(CandidateRow.fitness)).where(*trained)
    known = dict(change.session.exec(query.group_by(col(CandidateRow.iteration))).all())
    return tuple(known.get(number) for number in range(1, max(known) + 1))


def _event(change: Change, candidate: Candidate) -> None:
    fitness = "" if candidate.fitness is None else f" with fitness {candidate.fitness:.4g}"
    reason = f": {candidate.reason}" if candidate.reason else ""
    change.event(
        EventKind.CANDIDATE_STATE,
        f"{candidate.id} {candidate.state}{fitness}{reason}",
        iteration=candidate.iteration,
        candidate_id=candidate.id,
        state=candidate.state,
        fitness=candidate.fitness,
    )


def _iteration_event(change: Change, number: int, state: IterationState) -> None:
    change.event(EventKind.ITERATION_STATE, f"iteration {number}: {state}", iteration=number, state=state)
