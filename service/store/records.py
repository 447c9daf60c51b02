"""From rows to the types of `service.schema`, and the queries that gather a run's parts in their order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from sqlmodel import Session, col, select

from service.schema import (
    Candidate,
    CandidateState,
    Completion,
    CompletionState,
    CurvePoint,
    Event,
    EventKind,
    Iteration,
    IterationState,
    PolicyOf,
    Run,
    RunState,
    Spending,
    Training,
    TrainingState,
    Usage,
)
from service.store.errors import NotFound
from service.store.tables import (
    CandidateRow,
    CompletionRow,
    CurvePointRow,
    EventRow,
    IterationRow,
    RunRow,
    TrainingRow,
)

ENDED = tuple(state for state in RunState if state.ended)


@dataclass(frozen=True)
class News:
    """What a run has come to: the number of its last event, whether the run has ended, and events since those known."""

    number: int
    ended: bool
    events: tuple[Event, ...]


def run_row(session: Session, run_id: str, *, lock: bool = False) -> RunRow:
    """The run's row, locked against other writers if asked for. Raises `NotFound`."""
    query = select(RunRow).where(RunRow.id == run_id)
    row = session.exec(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFound(f"no run {run_id!r} is stored")
    return row


def candidate_row(session: Session, run_id: str, candidate_id: str) -> CandidateRow:
    """The row of one of the run's candidates. Raises `NotFound`."""
    row = session.get(CandidateRow, candidate_id)
    if row is None or row.run_id != run_id:
        raise NotFound(f"run {run_id} has no candidate {candidate_id!r}")
    return row


def run_of(row: RunRow) -> Run:
    """The run that a row holds."""
    return Run(
        id=row.id,
        request=row.request,
        fitness=row.fitness,
        steps=row.steps,
        state=RunState(row.state),
        reason=row.reason,
        iteration=row.iteration,
        excused_iterations=row.excused_iterations,
        heard_iterations=row.heard_iterations,
        best_fitness=row.best_fitness,
        best_candidate_id=row.best_candidate_id,
        comparison=row.comparison,
        spending=spending_of(row),
        last_event=row.last_event,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def begun_with(session: Session) -> dict[str, str]:
    """Runs with whose policies others begin that have not ended: by id, the id of one of these."""
    query = select(col(RunRow.id), col(RunRow.request)).where(col(RunRow.state).not_in(ENDED))
    starts = [(run_id, request.training.warm_start) for run_id, request in session.exec(query).all()]
    return {start.run_id: run_id for run_id, start in starts if isinstance(start, PolicyOf)}


def spending_of(row: RunRow) -> Spending:
    """What the run of a row has used."""
    return Spending(
        usd=row.usd,
        prompt_tokens=row.prompt_tokens,
        completion_tokens=row.completion_tokens,
        completions=row.completions,
        completions_possibly_paid=row.completions_possibly_paid,
        environment_steps=row.environment_steps,
        seconds=row.seconds,
    )


def candidate_of(row: CandidateRow) -> Candidate:
    """The candidate that a row holds."""
    return Candidate(
        id=row.id,
        run_id=row.run_id,
        iteration=row.iteration,
        slot=row.slot,
        state=CandidateState(row.state),
        source=row.source,
        origin=row.origin,
        parents=row.parents,
        verdict=row.verdict,
        fitness=row.fitness,
        fitness_interval=row.fitness_interval,
        success_rate=row.success_rate,
        continued=row.continued,
        findings=row.findings,
        reason=row.reason,
        created_at=row.created_at,
    )


def completion_of(row: CompletionRow) -> Completion:
    """The completion that a row holds."""
    return Completion(
        id=row.id,
        run_id=row.run_id,
        iteration=row.iteration,
        slot=row.slot,
        attempt=row.attempt,
        model=row.model,
        state=CompletionState(row.state),
        messages=row.messages,
        reply=row.reply,
        origin=row.origin,
        parents=row.parents,
        usage=Usage(
            prompt_tokens=row.prompt_tokens,
            completion_tokens=row.completion_tokens,
            usd=row.usd,
            latency_seconds=row.latency_seconds,
        ),
        error=row.error,
        created_at=row.created_at,
    )


def training_of(row: TrainingRow, curve: Sequence[CurvePoint]) -> Training:
    """The training that a row and its points hold."""
    return Training.model_validate(
        {
            "id": row.id,
            "run_id": row.run_id,
            "candidate_id": row.candidate_id,
            "reward": row.reward,
            "comparison": row.comparison,
            "seed": row.seed,
            "warm_start": row.warm_start,
            "state": TrainingState(row.state),
            "segments": row.segments,
            "segments_done": row.segments_done,
            "curve": tuple(curve),
            "result": row.result,
            "reason": row.reason,
        }
    )


def event_of(row: EventRow) -> Event:
    """The event that a row holds."""
    return Event(
        run_id=row.run_id,
        number=row.number,
        kind=EventKind(row.kind),
        at=row.at,
        text=row.text,
        iteration=row.iteration,
        candidate_id=row.candidate_id,
        training_id=row.training_id,
        state=row.state,
        fitness=row.fitness,
        steps_per_second=row.steps_per_second,
        steps=row.steps,
    )


def candidates_of(session: Session, run_id: str) -> tuple[Candidate, ...]:
    """All candidates of a run in order of iteration and slot."""
    query = select(CandidateRow).where(CandidateRow.run_id == run_id)
    rows = session.exec(query.order_by(col(CandidateRow.iteration), col(CandidateRow.slot))).all()
    return tuple(candidate_of(row) for row in rows)


def iterations_of(session: Session, run_id: str, candidates: Sequence[Candidate]) -> tuple[Iteration, ...]:
    """All iterations of a run in order, their figures from its candidates."""
    rows = session.exec(
        select(IterationRow).where(IterationRow.run_id == run_id).order_by(col(IterationRow.number))
    ).all()
    return tuple(_iteration_of(row, [one for one in candidates if one.iteration == row.number]) for row in rows)


def _iteration_of(row: IterationRow, candidates: Sequence[Candidate]) -> Iteration:
    trained = [one for one in candidates if one.state is CandidateState.TRAINED]
    fitness = [one.fitness for one in trained if one.fitness is not None]
    return Iteration(
        run_id=row.run_id,
        number=row.number,
        state=IterationState(row.state),
        best=max(fitness) if fitness else None,
        mean=fmean(fitness) if fitness else None,
        trained=len(trained),
        candidates=len(candidates),
        usd=row.usd,
        environment_steps=row.environment_steps,
    )


def completions_of(
    session: Session, run_id: str, iteration: int | None = None, slot: int | None = None
) -> tuple[Completion, ...]:
    """Completions of a run, of one iteration or one slot if given, in order of iteration, slot, attempt and try."""
    query = select(CompletionRow).where(CompletionRow.run_id == run_id)
    if iteration is not None:
        query = query.where(CompletionRow.iteration == iteration)
    if slot is not None:
        query = query.where(CompletionRow.slot == slot)
    order = (CompletionRow.iteration, CompletionRow.slot, CompletionRow.attempt, CompletionRow.earlier)
    return tuple(completion_of(row) for row in session.exec(query.order_by(*(col(part) for part in order))).all())


def trainings_of(session: Session, run_id: str, candidate_id: str | None = None) -> tuple[Training, ...]:
    """All trainings of a run, or of one of its candidates, with their curves, in the order in which they were added."""
    wanted = [TrainingRow.run_id == run_id]
    if candidate_id is not None:
        wanted.append(TrainingRow.candidate_id == candidate_id)
    rows = session.exec(select(TrainingRow).where(*wanted).order_by(col(TrainingRow.place))).all()
    points = session.exec(
        select(CurvePointRow)
        .join(TrainingRow, col(CurvePointRow.training_id) == col(TrainingRow.id))
        .where(*wanted)
        .order_by(col(CurvePointRow.training_id), col(CurvePointRow.segment))
    ).all()
    curves: dict[str, list[CurvePoint]] = defaultdict(list)
    for row in points:
        curves[row.training_id].append(row.point)
    return tuple(training_of(row, curves[row.id]) for row in rows)


def events_of(session: Session, run_id: str, after: int, limit: int) -> tuple[Event, ...]:
    """At most `limit` events of a run whose numbers are above `after`, in order."""
    query = select(EventRow).where(EventRow.run_id == run_id, col(EventRow.number) > after)
    return tuple(event_of(row) for row in session.exec(query.order_by(col(EventRow.number)).limit(limit)).all())


def news_of(session: Session, known: Mapping[str, int | None], limit: int) -> dict[str, News]:
    """News of runs by the number of the last event known of each; where that is None, of no events."""
    query = select(RunRow.id, RunRow.last_event, RunRow.state).where(col(RunRow.id).in_(known))
    news = {}
    for run_id, number, state in session.exec(query).all():
        after = known[run_id]
        events = () if after is None or after >= number else events_of(session, run_id, after, limit)
        news[run_id] = News(number, RunState(state).ended, events)
    return news
