"""Records as files: whole, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
import json
import re
from datetime import UTC, datetime
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.dashboard.tables import Column, csv_of, figures, json_of
from service.dashboard.wording import whole

Record = tuple[str, float | None]
COLUMNS: tuple[Column[Record], ...] = (Column("Name", lambda one: one[0]), figures("Figure", lambda one: one[1]))
# What the store keeps: no NUL, no lone surrogate.
WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
RECORDS = st.lists(st.tuples(WORDS, st.none() | st.floats(allow_nan=False, allow_infinity=False)))


def lines_of(text: str) -> list[list[str]]:
    return list(csv.reader(StringIO(text, newline="")))


@given(RECORDS)
def test_what_was_written_is_read_again(records: list[Record]) -> None:
    head, *lines = lines_of(csv_of(COLUMNS, records))
    assert head == ["Name", "Figure"]
    read = [(name.removeprefix("'"), float(number) if number else None) for name, number in lines]
    assert read == [(name.removeprefix("'"), number) for name, number in records]
    assert json.loads(json_of(COLUMNS, records)) == [{"Name": name, "Figure": number} for name, number in records]


@given(RECORDS)
def test_no_text_begins_as_a_formula_does_however_a_line_is_cut(records: list[Record]) -> None:
    # Spreadsheets of some countries cut at semicolons; what is quoted is cut by none.
    for name, number in lines_of(csv_of(COLUMNS, records))[1:]:
        assert not name.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"))
        assert number == "" or re.fullmatch(r"-?[\d.]+(e[+-]\d+)?", number)
    assert csv_of(COLUMNS, [("a;=1+1", 1.0)]) == '"Name","Figure"\r\n"a;=1+1",1.0\r\n'


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r"])
def test_a_text_that_begins_as_a_formula_does_is_kept_as_text(sign: str) -> None:
    assert csv_of(COLUMNS, [(f"{sign}1", -1.5)]) == f'"Name","Figure"\r\n"\'{sign}1",-1.5\r\n'


def test_what_is_unknown_or_not_finite_is_empty_or_null() -> None:
    records = [("a", None), ("b", float("nan")), ("c", float("inf"))]
    assert csv_of(COLUMNS, records) == '"Name","Figure"\r\n"a",""\r\n"b",""\r\n"c",""\r\n'
    assert json.loads(json_of(COLUMNS, records)) == [{"Name": name, "Figure": None} for name in "abc"]


def test_figures_are_in_full_in_a_file_and_rounded_on_a_page() -> None:
    course: Column[Record] = Column("Course", lambda one: (one[1], None, float("nan")), "course")
    begun: Column[Record] = Column("Begun", lambda _: datetime(2030, 1, 2, 3, 4, tzinfo=UTC))
    columns = [*COLUMNS, course, begun]
    assert csv_of(columns, [("a", 1.23456789)]).split("\r\n")[1] == (
        '"a",1.23456789,"[1.23456789, null, null]","2030-01-02T03:04:00+00:00"'
    )
    [told] = json.loads(json_of(columns, [("a", 1.23456789)]))
    assert told["Course"] == [1.23456789, None, None]
    assert [column.text(("a", 1.23456789)) for column in COLUMNS] == ["a", "1.23"]
    assert figures("Count", lambda one: one[1], whole).text(("a", 12345.0)) == "12,345"
    assert COLUMNS[1].text(("a", None)) == "\N{EN DASH}"
