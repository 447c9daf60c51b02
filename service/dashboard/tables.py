"""Tables: what records say in each column, as a page shows it and as files have it."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from math import isfinite
from typing import Generic, Literal, TypeVar

from service.dashboard.wording import UNKNOWN, figure

T = TypeVar("T")
Value = str | float | datetime | tuple[float | None, ...] | None
Plain = str | float | list[float | None] | None
Kind = Literal["text", "figure", "state", "link", "course", "file"]
FORMULA = re.compile("[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
"""How a text begins that some spreadsheet takes for a formula; the last four are the signs of wide scripts."""


@dataclass(frozen=True)
class Column(Generic[T]):
    """What a record has in a column, in full for files, and how that is `shown`; a `file` column is in files alone."""

    name: str
    value: Callable[[T], Value]
    kind: Kind = "text"
    shown: Callable[[T], str] | None = None

    def text(self, record: T) -> str:
        """What a page says of it."""
        if self.shown is not None:
            return self.shown(record)
        value = self.value(record)
        return UNKNOWN if value is None else str(value)


def figures(name: str, value: Callable[[T], float | None], told: Callable[[float | None], str] = figure) -> Column[T]:
    """A column of numbers."""
    return Column(name, value, "figure", lambda record: told(value(record)))


def csv_of(columns: Sequence[Column[T]], records: Iterable[T]) -> str:
    """A line of names and one for each record, as RFC 4180 has them; every text is quoted, and none is a formula."""
    lines = StringIO(newline="")
    writer = csv.writer(lines, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow([column.name for column in columns])
    writer.writerows([_cell(column.value(record)) for column in columns] for record in records)
    return lines.getvalue()


def json_of(columns: Sequence[Column[T]], records: Iterable[T]) -> str:
    """A list of objects; what is unknown or not finite is null."""
    told = [{column.name: _plain(column.value(record)) for column in columns} for record in records]
    return json.dumps(told, indent=1, ensure_ascii=False)


def _cell(value: Value) -> str | float:
    plain = _plain(value)
    if plain is None:
        return ""
    if isinstance(plain, list):
        return json.dumps(plain)
    return f"'{plain}" if isinstance(plain, str) and FORMULA.match(plain) else plain


def _plain(value: Value) -> Plain:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_number(one) for one in value]
    return value if isinstance(value, str) else _number(value)


def _number(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) else None
