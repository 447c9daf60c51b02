"""Column types: schema types as JSON, times in UTC, text that any database can hold."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import TypeVar, cast

from pydantic import TypeAdapter
from sqlalchemy import JSON, DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator

T = TypeVar("T")
READ_AGAIN = 1024
LONGEST_READ_AGAIN = 4096
"""Of each column so many values of so many characters are kept as read: lists are asked for again and again."""
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Stored(TypeDecorator[T]):
    """A value of a schema type, kept as the JSON that the type itself writes; None is SQL's NULL."""

    impl = JSON
    cache_ok = True

    def __init__(self, kind: type[T]) -> None:
        super().__init__(none_as_null=True)
        self.kind = kind
        self.adapter = TypeAdapter(kind)
        self._read_again = lru_cache(READ_AGAIN)(self.adapter.validate_json)

    def process_bind_param(self, value: T | None, dialect: Dialect) -> object:  # noqa: ARG002
        """The value as plain JSON data."""
        return None if value is None else json.loads(self.adapter.dump_json(value))

    def process_result_value(self, value: object, dialect: Dialect) -> T | None:  # noqa: ARG002
        """The value as its schema type, which is frozen: what was read of the same text not long ago is given again."""
        if value is None:
            return None
        text = cast(str, value)
        return self._read_again(text) if len(text) <= LONGEST_READ_AGAIN else self.adapter.validate_json(text)


def unread(document: str | bytes) -> str:
    """A JSON document as the text that it is: for engines, since the type that it is stored as reads it."""
    return document if isinstance(document, str) else document.decode()


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC; one without a time zone is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """The moment in UTC. Raises `ValueError` for a naive one."""
        if value is not None and value.tzinfo is None:
            raise ValueError(f"a stored time needs a time zone, got the naive {value!r}")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """The moment with its time zone, which SQLite does not keep."""
        return None if value is None else value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class PlainText(TypeDecorator[str]):
    """Text from outside; what no database or no UTF-8 can hold (NUL, lone surrogates) becomes U+FFFD."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """The text as it can be stored."""
        return None if value is None else UNSTORABLE.sub("\ufffd", value)


def now() -> datetime:
    """This moment in UTC."""
    return datetime.now(UTC)
