"""Runs in pages: filtered, in an order, and each page begun where the one before ended."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, and_, or_
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col, select

from service.schema import Run, RunState
from service.store import records
from service.store.tables import RunRow

Sort = Literal["newest", "updated", "fittest"]
COLUMNS = {"newest": RunRow.created_at, "updated": RunRow.updated_at, "fittest": RunRow.best_fitness}


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
    """Some runs in their order, and the cursor of those that follow, None if there are none."""

    runs: tuple[Run, ...]
    next_cursor: str | None


@dataclass(frozen=True)
class Place:
    """Where a page ended: a run's id, and what it is ordered by."""

    value: datetime | float | None
    run_id: str


def page(session: Session, wanted: Wanted, limit: int, cursor: str | None) -> RunPage:
    """One page of at most `limit` runs. Raises `ValueError` for a cursor that no page of this order gave."""
    by = col(COLUMNS[wanted.sort])
    query = select(RunRow).where(*_conditions(wanted))
    if cursor is not None:
        query = query.where(_after(by, _read(cursor, wanted.sort)))
    rows = session.exec(query.order_by(by.desc().nulls_last(), col(RunRow.id).desc()).limit(limit + 1)).all()
    runs = tuple(records.run_of(row) for row in rows[:limit])
    return RunPage(runs, _write(runs[-1], wanted.sort) if len(rows) > limit else None)


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.state is not None:
        conditions.append(col(RunRow.state) == wanted.state)
    if wanted.environment is not None:
        conditions.append(col(RunRow.environment) == wanted.environment)
    if wanted.text is not None:
        conditions.append(col(RunRow.task).icontains(wanted.text, autoescape=True))
    return conditions


def _after(by: Mapped[datetime | float | None], place: Place) -> ColumnElement[bool]:
    behind = col(RunRow.id) < place.run_id
    if place.value is None:
        return and_(by.is_(None), behind)
    return or_(by < place.value, and_(by == place.value, behind), by.is_(None))


def _write(run: Run, sort: Sort) -> str:
    value = {"newest": run.created_at, "updated": run.updated_at, "fittest": run.best_fitness}[sort]
    told = value.isoformat() if isinstance(value, datetime) else value
    return urlsafe_b64encode(json.dumps([sort, told, run.id]).encode()).decode().rstrip("=")


def _read(cursor: str, sort: Sort) -> Place:
    refused = f"{cursor!r} is not a cursor: give the `next_cursor` of the page before, and ask for the same order"
    try:
        parts = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        given, told, run_id = parts
        value = datetime.fromisoformat(told) if isinstance(told, str) else told
    except (ValueError, TypeError) as error:
        raise ValueError(refused) from error
    kinds = float | int | None if sort == "fittest" else datetime
    naive = isinstance(value, datetime) and value.tzinfo is None
    if given != sort or naive or isinstance(value, bool) or not (isinstance(value, kinds) and isinstance(run_id, str)):
        raise ValueError(refused)
    return Place(value, run_id)
