import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from service.schema import Fitness, Moment
from service.store.change import TEXT_LIMIT, one_line
from service.store.columns import PlainText, Stored, UtcDateTime

DIALECT = sqlite.dialect()


@given(st.text(st.characters()))
def test_any_text_can_be_stored_and_only_what_utf8_or_a_database_cannot_hold_is_replaced(text: str) -> None:
    stored = PlainText().process_bind_param(text, DIALECT)
    assert stored is not None
    stored.encode("utf-8")
    assert "\x00" not in stored
    assert len(stored) == len(text)
    assert all(kept == came for kept, came in zip(stored, text, strict=True) if kept != "\ufffd")


@given(st.text(st.characters()))
def test_the_text_of_an_event_is_one_printable_line(text: str) -> None:
    line = one_line(text)
    assert line.isprintable()
    assert len(line) <= TEXT_LIMIT


def test_a_long_text_ends_in_an_ellipsis() -> None:
    assert one_line("x" * (TEXT_LIMIT + 1)) == "x" * (TEXT_LIMIT - 1) + "…"
    assert one_line("a\n\tb\x1b[31mc") == "a b [31mc"


def test_a_moment_is_stored_in_utc() -> None:
    summer = datetime(2030, 6, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    assert UtcDateTime().process_bind_param(summer, DIALECT) == datetime(2030, 6, 1, 10, tzinfo=UTC)
    assert UtcDateTime().process_result_value(datetime(2030, 6, 1, 10), DIALECT) == summer


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a time zone"):
        UtcDateTime().process_bind_param(datetime(2030, 6, 1), DIALECT)


def test_a_schema_type_comes_back_from_json_as_itself_even_with_figures_that_json_lacks() -> None:
    column = Stored(tuple[Moment, ...])
    stored = column.process_bind_param((Moment(seconds=float("inf")), Moment(segment=3)), DIALECT)
    assert stored == [
        {"segment": None, "episode": None, "seconds": "Infinity"},
        {"segment": 3, "episode": None, "seconds": None},
    ]
    assert column.process_result_value(json.dumps(stored), DIALECT) == (Moment(seconds=float("inf")), Moment(segment=3))


def test_nothing_is_stored_as_nothing() -> None:
    assert Stored(Fitness).process_bind_param(None, DIALECT) is None
    assert Stored(Fitness).process_result_value(None, DIALECT) is None
