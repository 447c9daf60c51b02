"""What people say of a run and give to it; their numbers in it follow from the run's row lock, as those of events do."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypeVar

from sqlalchemy import func
from sqlmodel import Session, col, select

from service.schema import Contribution, EventKind, Feedback, Order, Preference, RunState, Words
from service.store.change import Change
from service.store.errors import NotFound, StateConflict
from service.store.tables import CandidateRow, ContributionRow, FeedbackRow, PreferenceRow

Said = TypeVar("Said", FeedbackRow, PreferenceRow, ContributionRow)
MOST_WAITING = 64
"""Contributions of one run that may wait for its next iteration."""


def say(change: Change, words: Words, author: str) -> Feedback:
    """Keeps words. Raises `NotFound` for a candidate that the run has not, `StateConflict` where nobody will hear them."""
    _check_heard(change)
    _check_known(change, () if words.candidate_id is None else (words.candidate_id,))
    row = FeedbackRow(
        id=f"{change.run.id}-f{_count(change, FeedbackRow)}",
        run_id=change.run.id,
        iteration=change.run.iteration,
        candidate_id=words.candidate_id,
        words=words.words,
        author=author,
        created_at=change.at,
    )
    change.session.add(row)
    change.session.flush()
    change.event(EventKind.FEEDBACK, f"{author}: {words.words}", candidate_id=words.candidate_id)
    return Feedback.model_validate(row.model_dump())


def prefer(change: Change, order: Order, author: str) -> Preference:
    """Keeps a ranking. Raises as `say` does."""
    _check_heard(change)
    _check_known(change, order.ranking)
    row = PreferenceRow(
        id=f"{change.run.id}-p{_count(change, PreferenceRow)}",
        run_id=change.run.id,
        iteration=change.run.iteration,
        ranking=order.ranking,
        words=order.words,
        author=author,
        created_at=change.at,
    )
    change.session.add(row)
    change.session.flush()
    change.event(EventKind.FEEDBACK, f"{author} prefers {' over '.join(order.ranking)}")
    return Preference.model_validate(row.model_dump())


def contribute(change: Change, source: str, author: str) -> Contribution:
    """Keeps a reward for the next iteration. Raises `StateConflict` where no iteration follows, or too many wait."""
    run = change.run
    _check_heard(change)
    if run.iteration >= run.request.search.iterations:
        raise StateConflict(f"run {run.id} is in its last iteration: extend it, then a reward can join the next")
    waiting = len(_waiting(change))
    if waiting >= MOST_WAITING:
        raise StateConflict(f"{waiting} rewards wait for the next iteration of run {run.id} already: no more fit in")
    row = ContributionRow(
        id=f"{run.id}-c{_count(change, ContributionRow)}",
        run_id=run.id,
        source=source,
        author=author,
        created_at=change.at,
    )
    change.session.add(row)
    change.session.flush()
    change.event(EventKind.LOG, f"{author} gave a reward for iteration {run.iteration + 1}")
    return Contribution.model_validate(row.model_dump())


def take_in(change: Change, number: int) -> None:
    """Gives the rewards that wait their places in iteration `number`, behind those that a designer is asked for."""
    request = change.run.request
    first = max(request.search.candidates, len(request.seed_rewards) if number == 1 else 0)
    for place, row in enumerate(_waiting(change)):
        row.iteration, row.slot = number, first + place


def feedback_in(session: Session, run_id: str) -> tuple[Feedback, ...]:
    """All words on a run, in the order in which they came."""
    return tuple(Feedback.model_validate(row.model_dump()) for row in _rows(session, FeedbackRow, run_id))


def preferences_in(session: Session, run_id: str) -> tuple[Preference, ...]:
    """All rankings, in the order in which they came."""
    return tuple(Preference.model_validate(row.model_dump()) for row in _rows(session, PreferenceRow, run_id))


def contributions_in(session: Session, run_id: str) -> tuple[Contribution, ...]:
    """All rewards that people gave, in the order in which they came."""
    return tuple(Contribution.model_validate(row.model_dump()) for row in _rows(session, ContributionRow, run_id))


def _rows(session: Session, table: type[Said], run_id: str) -> Sequence[Said]:
    query = select(table).where(col(table.run_id) == run_id).order_by(col(table.created_at), col(table.id))
    return session.exec(query).all()


def _waiting(change: Change) -> list[ContributionRow]:
    return [row for row in _rows(change.session, ContributionRow, change.run.id) if row.iteration is None]


def _check_heard(change: Change) -> None:
    if RunState(change.run.state).ended:
        raise StateConflict(f"run {change.run.id} is {change.run.state}: nobody would hear of it; extend the run first")


def _check_known(change: Change, candidate_ids: Collection[str]) -> None:
    query = select(CandidateRow.id).where(CandidateRow.run_id == change.run.id, col(CandidateRow.id).in_(candidate_ids))
    unknown = sorted(set(candidate_ids) - set(change.session.exec(query).all()))
    if unknown:
        raise NotFound(f"run {change.run.id} has no candidate {unknown[0]!r}")


def _count(change: Change, table: type[Said]) -> int:
    query = select(func.count()).select_from(table).where(col(table.run_id) == change.run.id)
    return change.session.exec(query).one()
