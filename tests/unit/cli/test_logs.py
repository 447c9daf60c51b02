"""A line of the log is one line whatever is in it, and holds no key."""

from __future__ import annotations

import json
import logging
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.cli.logs import LONGEST_TEXT, JsonLines, SafeLines, TerminalLines
from service.log_context import about

HOSTILE = 'a\nb\r{"level": "ERROR"}\x1b[31m\x9b1m\x07\u202e\u2028\ud800\x00\x7f'


def record(message: str, *values: object, **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("service.test", logging.INFO, __file__, 1, message, values, None)
    vars(made).update(extra)
    return made


def failed(message: str) -> logging.LogRecord:
    made = record("no step was taken")
    try:
        raise ValueError(message)
    except ValueError:
        made.exc_info = sys.exc_info()
    return made


def as_json(made: logging.LogRecord) -> dict[str, object]:
    line = JsonLines().format(made)
    assert line.isascii()
    assert line.isprintable()
    return dict(json.loads(line))


def test_a_line_says_when_who_and_what_and_what_else_it_was_given() -> None:
    made = record("trained %d", 3, fitness=0.5, model=None)
    made.created, made.process = 0.25, 17
    assert as_json(made) == {
        "time": "1970-01-01T00:00:00.250+00:00", "level": "INFO", "logger": "service.test", "process": 17,
        "message": "trained 3", "fitness": 0.5, "model": None,
    }  # fmt: skip


def test_a_line_names_what_is_worked_on() -> None:
    with about(run_id="r-1"), about(iteration=2, candidate_id="r-1-2-0"):
        inner = as_json(record("x"))
    assert (inner["run_id"], inner["iteration"], inner["candidate_id"]) == ("r-1", 2, "r-1-2-0")
    assert "run_id" not in as_json(record("x"))


def test_an_exception_is_told_with_its_type_and_its_trace_as_text() -> None:
    line = as_json(failed("broken"))
    assert line["exception"] == "ValueError"
    assert str(line["traceback"]).startswith("Traceback (most recent call last):\n")
    assert str(line["traceback"]).endswith("ValueError: broken\n")


@given(st.text(alphabet=st.characters() | st.sampled_from(HOSTILE)))
def test_no_text_breaks_a_line_for_programs(text: str) -> None:
    for made in (record("%s", text), record("x", reason=text), failed(text)):
        assert "\n" not in JsonLines().format(made)
        as_json(made)


@given(st.text(alphabet=st.characters() | st.sampled_from(HOSTILE)))
def test_no_text_breaks_a_line_at_a_terminal_or_gives_it_orders(text: str) -> None:
    for made in (record("%s", text), record("x", reason=text)):
        assert TerminalLines().format(made).isprintable()
    first, *others = TerminalLines().format(failed(text)).split("\n")
    assert first.isprintable()
    assert all(line.startswith("    ") for line in others)
    assert not set("".join(others)) & set("\r\x1b\x9b\x07\u202e\x00\x7f")


def test_what_is_no_finite_number_is_written_as_text() -> None:
    line = as_json(record("x", fitness=float("nan"), best=float("-inf"), where=[1]))
    assert (line["fitness"], line["best"], line["where"]) == ("nan", "-inf", "[1]")


@pytest.mark.parametrize("kind", [JsonLines, TerminalLines])
def test_no_key_is_in_a_line(kind: type[SafeLines], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "plain-looking-words")
    formatter = kind()
    token = "rewardsmith_" + "A" * 43
    for made in (
        record("%s", token),
        record("x", said="plain-looking-words"),
        failed(f"Bearer {token}, plain-looking-words"),
    ):
        line = formatter.format(made)
        assert "AAAA" not in line
        assert "plain-looking" not in line
        assert "[secret]" in line


def test_of_a_long_text_the_beginning_and_the_end_are_kept() -> None:
    message = str(as_json(record("%s", "a" * LONGEST_TEXT + "b" * LONGEST_TEXT))["message"])
    assert len(message) < LONGEST_TEXT + 10
    assert (message[0], message[-1]) == ("a", "b")
