"""Changes of trainings: each segment is counted exactly once."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from sqlalchemy import delete, func
from sqlmodel import col, select

from service.schema import CurvePoint, EventKind, Training, TrainingResult, TrainingState
from service.store.change import Change
from service.store.errors import NotFound, StateConflict
from service.store.tables import CandidateRow, CurvePointRow, TrainingRow

OPEN = (TrainingState.QUEUED, TrainingState.RUNNING)
PRUNED = (TrainingState.PRUNED,)
KIND = re.compile(r"[a-z_]{1,64}(?=:)")
"""The kind of fault that the reason of a failed training begins with."""


def add(change: Change, trainings: tuple[Training, ...]) -> None:
    """Plans trainings; those of an id that is stored already are left as they are."""
    known = change.session.exec(select(func.count()).where(col(TrainingRow.run_id) == change.run.id)).one()
    for training in trainings:
        if change.session.get(TrainingRow, training.id) is not None:
            continue
        row = TrainingRow(
            id=training.id,
            run_id=change.run.id,
            candidate_id=training.candidate_id,
            place=known,
            reward=training.reward,
            comparison=training.comparison,
            seed=training.seed,
            warm_start=training.warm_start,
            state=TrainingState.QUEUED,
            segments=training.segments,
        )
        known += 1
        change.session.add(row)
        change.session.flush()
        _state_event(change, row, "planned")


def add_segment(
    change: Change, training_id: str, point: CurvePoint, checkpoint_key: str, environment_steps: int
) -> bool:
    """Stores a segment's point and checkpoint and counts its environment steps; False if it was stored before.

    Segments count from 0. Raises `NotFound`, and `StateConflict` if a segment is missing before this one.
    """
    row = _row(change, training_id)
    if point.segment < row.segments_done:
        return False
    if point.segment > row.segments_done or row.segments_done >= row.segments:
        raise StateConflict(
            f"training {training_id} has {row.segments_done} of {row.segments} segments: segment {point.segment} "
            f"cannot follow, {row.segments_done} is next"
        )
    if row.state not in OPEN:
        raise StateConflict(f"training {training_id} is {row.state}: it takes no more segments")
    if row.state == TrainingState.QUEUED:
        row.state = TrainingState.RUNNING
        _state_event(change, row, "running")
    row.segments_done += 1
    row.checkpoint_key = checkpoint_key
    change.spend(_iteration(change, row), environment_steps=environment_steps)
    change.session.add(CurvePointRow(training_id=training_id, segment=point.segment, point=point))
    change.event(
        EventKind.CURVE_POINT,
        f"{training_id} segment {row.segments_done} of {row.segments}: fitness {point.fitness:.4g}",
        iteration=_iteration(change, row),
        candidate_id=row.candidate_id,
        training_id=training_id,
        fitness=point.fitness,
        steps_per_second=point.steps_per_second,
        steps=point.steps,
    )
    return True


def finish(change: Change, training_id: str, result: TrainingResult, policy_key: str, environment_steps: int) -> None:
    """Stores a training's result and its policy's key and counts the steps of its confirmation, once. Raises `StateConflict`."""
    row = _row(change, training_id)
    if row.state == TrainingState.FINISHED:
        return
    _check_open(row, TrainingState.FINISHED)
    row.state, row.result, row.policy_key = TrainingState.FINISHED, result, policy_key
    change.spend(_iteration(change, row), environment_steps=environment_steps)
    _state_event(change, row, f"finished with fitness {result.fitness:.4g}", fitness=result.fitness)


def fail(change: Change, training_id: str, reason: str) -> bool:
    """Notes that a training's reward was at fault, once, and fails the other open trainings of its candidate for that reason.

    True if there were such others. Those of the final comparison stand alone. Raises `StateConflict` if it is finished.
    """
    row = _row(change, training_id)
    if row.state == TrainingState.FAILED:
        return False
    _check_open(row, TrainingState.FAILED)
    row.state, row.reason = TrainingState.FAILED, reason
    named = KIND.match(reason)
    change.fault(named[0] if named else "other")
    _state_event(change, row, f"failed: {reason}")
    if row.comparison or row.candidate_id is None:
        return False
    others = _of_candidate(change, row.candidate_id, OPEN)
    for other in others:
        other.state, other.reason = TrainingState.FAILED, reason
        _state_event(change, other, f"failed with {row.id}, of the same reward")
    return bool(others)


def begin_anew(change: Change, training_id: str) -> None:
    """Forgets the segments of an open training: the same are trained again, and bring the same curve. Raises `StateConflict`."""
    row = _row(change, training_id)
    _check_open(row, TrainingState.QUEUED)
    _forget_segments(change, row)


def prune_of(change: Change, candidate_id: str, reason: str) -> None:
    """Stops the open trainings of a candidate where they are; curve and checkpoint stay."""
    _prune(change, _of_candidate(change, candidate_id, OPEN), reason)


def queue_pruned_of(change: Change, candidate_id: str) -> None:
    """Queues the pruned trainings of a candidate again, to go on from their checkpoints."""
    _queue(change, _of_candidate(change, candidate_id, PRUNED))


def prune_comparison(change: Change, reason: str) -> None:
    """Stops the open trainings of the final comparison where they are."""
    _prune(change, _of_comparison(change, OPEN), reason)


def queue_comparison(change: Change) -> None:
    """Queues the trainings of the final comparison that had been stopped, to go on from their checkpoints."""
    _queue(change, _of_comparison(change, PRUNED))


def _prune(change: Change, rows: Sequence[TrainingRow], reason: str) -> None:
    for row in rows:
        row.state, row.reason = TrainingState.PRUNED, reason
        _state_event(change, row, f"pruned: {reason}")


def _queue(change: Change, rows: Sequence[TrainingRow]) -> None:
    for row in rows:
        row.state, row.reason = TrainingState.QUEUED, None
        if row.segments_done and row.checkpoint_key is None:
            _forget_segments(change, row)
        else:
            _state_event(change, row, "queued again")


def _forget_segments(change: Change, row: TrainingRow) -> None:
    change.session.execute(delete(CurvePointRow).where(col(CurvePointRow.training_id) == row.id))
    row.state, row.segments_done, row.checkpoint_key = TrainingState.QUEUED, 0, None
    _state_event(change, row, "queued again from its beginning, as its checkpoint was not kept")


def _of_comparison(change: Change, states: Collection[TrainingState]) -> Sequence[TrainingRow]:
    query = select(TrainingRow).where(
        TrainingRow.run_id == change.run.id, col(TrainingRow.comparison), col(TrainingRow.state).in_(states)
    )
    return change.session.exec(query.order_by(col(TrainingRow.place))).all()


def _of_candidate(change: Change, candidate_id: str, states: Collection[TrainingState]) -> Sequence[TrainingRow]:
    query = select(TrainingRow).where(
        TrainingRow.candidate_id == candidate_id,
        col(TrainingRow.comparison).is_(False),
        col(TrainingRow.state).in_(states),
    )
    return change.session.exec(query.order_by(col(TrainingRow.place))).all()


def _row(change: Change, training_id: str) -> TrainingRow:
    row = change.session.get(TrainingRow, training_id)
    if row is None or row.run_id != change.run.id:
        raise NotFound(f"no training {training_id!r} is stored for run {change.run.id}")
    return row


def _check_open(row: TrainingRow, then: TrainingState) -> None:
    if row.state not in OPEN:
        raise StateConflict(f"training {row.id} is {row.state}: it cannot become {then}")


def _iteration(change: Change, row: TrainingRow) -> int | None:
    candidate = None if row.candidate_id is None else change.session.get(CandidateRow, row.candidate_id)
    return None if candidate is None or row.comparison else candidate.iteration


def _state_event(change: Change, row: TrainingRow, text: str, *, fitness: float | None = None) -> None:
    change.event(
        EventKind.TRAINING_STATE,
        f"{row.id} {text}",
        iteration=_iteration(change, row),
        candidate_id=row.candidate_id,
        training_id=row.id,
        state=row.state,
        fitness=fitness,
    )
