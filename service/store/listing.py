"""Runs in pages: filtered, in an order, and each page begun where the one before ended."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal, cast

from pydantic import AwareDatetime, Field, FiniteFloat, TypeAdapter
from sqlalchemy import ColumnElement, and_, inspect, literal, select, tuple_
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col

from service.schema import Comparison, RunRequest, RunState, RunSummary, Spending, TrainingConfig
from service.schema.search import ID_PATTERN
from service.store.columns import PlainText
from service.store.tables import RunRow

Sort = Literal["newest", "updated", "fittest"]
COLUMNS = {"newest": RunRow.created_at, "updated": RunRow.updated_at, "fittest": RunRow.best_fitness}
SPENT = tuple(Spending.model_fields)
TOLD = tuple(name for name in RunSummary.model_fields if name not in ("spending", "human_normalised"))
SHOWN = [inspect(RunRow).columns[name] for name in ("request", "comparison", *SPENT, *TOLD)]
RunId = Annotated[str, Field(pattern=ID_PATTERN)]
DATED = TypeAdapter(tuple[Sort, AwareDatetime, RunId])
JUDGED = TypeAdapter(tuple[Sort, FiniteFloat | None, RunId])
"""What a cursor holds: the order, what the last run of the page is ordered by, and its id."""


@dataclass(frozen=True)
class Wanted:
    """Which runs, and in what order: newest, last changed or fittest first; those without a fitness come last.

    `text` is looked for in their tasks, in any case of its letters.
    """

    state: RunState | None = None
    environment: str | None = None
    text: str | None = None
    sort: Sort = "newest"


@dataclass(frozen=True)
class RunPage:
    """Some runs in their order, and the cursor of those that follow, None if there are none.

    What their fitness is measured by is known elsewhere, from each one's own comparison and how it is trained.
    """

    runs: tuple[RunSummary, ...]
    comparisons: tuple[Comparison | None, ...]
    configs: tuple[TrainingConfig, ...]
    next_cursor: str | None


@dataclass(frozen=True)
class Place:
    """Where a page ended: a run's id, and what it is ordered by."""

    value: datetime | float | None
    run_id: str


def page(session: Session, wanted: Wanted, limit: int, cursor: str | None) -> RunPage:
    """One page of at most `limit` runs. Raises `ValueError` for a cursor that no page of this order gave."""
    by = col(COLUMNS[wanted.sort])
    # Plain rows: objects that a session looks after, in case they change, take half as long again.
    query = select(*SHOWN).where(*_conditions(session, wanted)).order_by(by.desc(), col(RunRow.id).desc())
    rows: list[Sequence[object]] = []
    for part in _parts(by, None if cursor is None else _read(cursor, wanted.sort)):
        if len(rows) <= limit:
            rows += session.execute(query.where(part).limit(limit + 1 - len(rows))).all()
    shown = rows[:limit]
    runs = tuple(map(_summary, shown))
    return RunPage(
        runs,
        tuple(cast(Comparison | None, row[1]) for row in shown),
        tuple(cast(RunRequest, row[0]).training for row in shown),
        _write(runs[-1], wanted.sort) if len(rows) > limit else None,
    )


def _summary(row: Sequence[object]) -> RunSummary:
    _, _, *figures = row
    spending = dict(zip(SPENT, figures, strict=False))
    told = dict(zip(TOLD, figures[len(SPENT) :], strict=True))
    return RunSummary.model_validate(told | {"spending": spending})


def _parts(by: Mapped[datetime | float | None], place: Place | None) -> list[ColumnElement[bool]]:
    """Runs that have what they are ordered by, behind the place, then those that have not: each is read from an index."""
    run_id = col(RunRow.id)
    without = [by.is_(None)] if by is col(RunRow.best_fitness) else []
    if place is None:
        return [by.is_not(None), *without]
    if place.value is None:
        return [and_(by.is_(None), run_id < place.run_id)]
    return [tuple_(by, run_id) < (place.value, place.run_id), *without]


def _conditions(session: Session, wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.state is not None:
        conditions.append(col(RunRow.state) == wanted.state)
    if wanted.environment is not None:
        conditions.append(col(RunRow.environment) == literal(wanted.environment, PlainText()))
    if wanted.text is not None:
        task = col(RunRow.task)
        # SQLite's LIKE is blind to the case of letters already, and a third as dear as one between two calls of lower().
        has = task.contains if session.get_bind().dialect.name == "sqlite" else task.icontains
        conditions.append(has(wanted.text, autoescape=True))
    return conditions


def _write(run: RunSummary, sort: Sort) -> str:
    held = (
        JUDGED.dump_json((sort, run.best_fitness, run.id))
        if sort == "fittest"
        else DATED.dump_json((sort, run.created_at if sort == "newest" else run.updated_at, run.id))
    )
    return urlsafe_b64encode(held).decode().rstrip("=")


def _read(cursor: str, sort: Sort) -> Place:
    value: datetime | float | None
    try:
        held = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        if sort == "fittest":
            given, value, run_id = JUDGED.validate_json(held, strict=True)
        else:
            given, at, run_id = DATED.validate_json(held, strict=True)
            value = at.astimezone(UTC)
        if given != sort:
            raise ValueError(given)
    except (ValueError, OverflowError) as error:
        raise ValueError(
            f"{cursor!r} is not a cursor: give the `next_cursor` of the page before, and ask for the same order"
        ) from error
    return Place(value, run_id)
