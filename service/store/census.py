"""Counts over all runs, and the counts of runs that were deleted, which are kept."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, text
from sqlalchemy import select as select_columns
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col, select

from service.schema import CandidateState, Census, CompletionState, DailySpending, Measure, RayState, RunState, Tally
from service.store.columns import now
from service.store.tables import CandidateRow, CompletionRow, FaultRow, OrchestratorRow, RunRow, TallyRow

DAYS = 30
KEEP = text(
    "INSERT INTO tally (measure, model, kind, value) VALUES (:measure, :model, :kind, :value) "
    "ON CONFLICT (measure, model, kind) DO UPDATE SET value = tally.value + excluded.value"
)


class Counted(NamedTuple):
    """What a count is of."""

    measure: Measure
    model: str = ""
    kind: str = ""


class Completions(NamedTuple):
    """Completions of one model in one state; `priced` have a known price, and `usd` is what they cost together."""

    model: str
    state: str
    number: int
    priced: int
    usd: float
    prompt_tokens: int
    completion_tokens: int


def census(session: Session, seen_within: timedelta) -> Census:
    """All that is counted; orchestrators are those who gave a sign of life so lately."""
    runs = session.exec(select(RunRow.state, func.count()).group_by(RunRow.state)).all()
    candidates = session.exec(select(CandidateRow.state, func.count()).group_by(CandidateRow.state)).all()
    alive = select(OrchestratorRow.ray, func.count()).where(col(OrchestratorRow.seen_at) >= now() - seen_within)
    completions = _completions(session)
    tallies = _counted(session, completions)
    for row in session.exec(select(TallyRow)).all():
        key = Counted(Measure(row.measure), row.model, row.kind)
        tallies[key] = tallies.get(key, 0) + row.value
    return Census(
        runs={RunState(state): count for state, count in runs},
        oldest_queued_at=session.exec(select(func.min(RunRow.queued_at)).where(RunRow.state == RunState.QUEUED)).one(),
        candidates={CandidateState(state): count for state, count in candidates},
        in_flight={one.model: one.number for one in completions if one.state == CompletionState.INTENDED},
        orchestrators={RayState(ray): count for ray, count in session.exec(alive.group_by(OrchestratorRow.ray)).all()},
        tallies=tuple(Tally(**key._asdict(), value=value) for key, value in sorted(tallies.items())),
        spending=_spending(session),
    )


def keep(session: Session, run_id: str) -> None:
    """Adds what a run counts for to what is kept: to be called in the transaction that deletes it."""
    counted = _counted(session, _completions(session, run_id), run_id)
    for key, value in sorted(counted.items()):  # in one order, so that no two wait for each other
        session.execute(KEEP, {**key._asdict(), "value": value})


def _completions(session: Session, run_id: str | None = None) -> list[Completions]:
    """The completions of one stored run, or all, by model and state."""
    query = select_columns(
        col(CompletionRow.model),
        col(CompletionRow.state),
        func.count(),
        func.count(col(CompletionRow.usd)),
        func.coalesce(func.sum(CompletionRow.usd), 0.0),
        func.sum(CompletionRow.prompt_tokens),
        func.sum(CompletionRow.completion_tokens),
    ).where(*_of(col(CompletionRow.run_id), run_id))
    grouped = session.execute(query.group_by(col(CompletionRow.model), col(CompletionRow.state)))
    return [Completions(*row) for row in grouped.all()]


def _spending(session: Session) -> tuple[DailySpending, ...]:
    """By day and model, over the last days on which something was asked for; times are kept and read in UTC."""
    day = func.date(col(CompletionRow.created_at))
    days = session.execute(select_columns(day).group_by(day).order_by(day.desc()).limit(DAYS)).scalars().all()
    query = select_columns(day, col(CompletionRow.model), func.count(), func.coalesce(func.sum(CompletionRow.usd), 0.0))
    rows = session.execute(
        query.where(day.in_(days))
        .group_by(day, col(CompletionRow.model))
        .order_by(day.desc(), col(CompletionRow.model))
    ).all()
    return tuple(DailySpending(day=at, model=model, completions=number, usd=usd) for at, model, number, usd in rows)


def _counted(session: Session, completions: Iterable[Completions], run_id: str | None = None) -> dict[Counted, float]:
    """The counts over one stored run, or all, with the completions that have ended."""
    steps = select(func.sum(RunRow.environment_steps)).where(*_of(col(RunRow.id), run_id))
    counted: dict[Counted, float] = {Counted(Measure.ENVIRONMENT_STEPS): session.exec(steps).one() or 0}
    faults = select(FaultRow.kind, func.sum(FaultRow.count)).where(*_of(col(FaultRow.run_id), run_id))
    for kind, count in session.exec(faults.group_by(FaultRow.kind)).all():
        counted[Counted(Measure.REWARD_FAULTS, kind=kind)] = count
    for one in completions:
        if one.state == CompletionState.INTENDED:
            continue
        counted[Counted(Measure.COMPLETIONS, one.model, one.state)] = one.number
        for key, value in (
            (Counted(Measure.UNPRICED, one.model), one.number - one.priced),
            (Counted(Measure.USD, one.model), one.usd),
            (Counted(Measure.TOKENS, one.model, "prompt"), one.prompt_tokens),
            (Counted(Measure.TOKENS, one.model, "completion"), one.completion_tokens),
        ):
            counted[key] = counted.get(key, 0) + value
    return {key: float(value) for key, value in counted.items()}  # a database adds integers up to a decimal


def _of(column: Mapped[str], run_id: str | None) -> Iterable[ColumnElement[bool]]:
    return () if run_id is None else (column == run_id,)
