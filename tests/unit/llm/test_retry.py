"""When a model is asked again, and after how long."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.llm.contract import DesignerUnreachable
from service.llm.retry import ManualClock, TransientFault, ask_again, pause_seconds, retry_after_seconds

NOON = datetime(2030, 1, 1, 12, 0, 0, tzinfo=UTC)


class Asked:
    """Fails with each fault in turn, then answers."""

    def __init__(self, *retry_after: str | None) -> None:
        self.faults = [TransientFault(f"fault {at}", header) for at, header in enumerate(retry_after, start=1)]
        self.times = 0

    def __call__(self) -> str:
        self.times += 1
        if self.times <= len(self.faults):
            raise self.faults[self.times - 1]
        return "answer"


def test_an_answer_is_not_waited_for() -> None:
    clock = ManualClock()
    assert ask_again(Asked(), 3, clock) == "answer"
    assert clock.sleeps == []


def test_pauses_double_and_the_jitter_draws_from_their_upper_half() -> None:
    clock = ManualClock()
    assert ask_again(Asked(None, None, None), 3, clock, jitter=lambda: 0.5) == "answer"
    # Three quarters of 1, 2 and 4 seconds.
    assert clock.sleeps == [0.75, 1.5, 3.0]
    assert pause_seconds(0, 0.0) == 0.5
    # 2^10 seconds are held to 60.
    assert pause_seconds(10, 1.0) == 60.0


def test_the_server_says_when_to_come_back() -> None:
    clock = ManualClock()
    assert ask_again(Asked("7", None), 3, clock, jitter=lambda: 0.0) == "answer"
    # 7 s as asked; then half of 2 s.
    assert clock.sleeps == [7.0, 1.0]


def test_after_the_last_attempt_it_says_what_the_last_fault_was() -> None:
    asked, clock = Asked(None, None, None), ManualClock()
    with pytest.raises(DesignerUnreachable, match="no answer after 3 attempts; the last: fault 3"):
        ask_again(asked, 2, clock)
    assert (asked.times, len(clock.sleeps)) == (3, 2)


def test_a_server_that_asks_for_an_hour_is_not_waited_for() -> None:
    clock = ManualClock()
    with pytest.raises(DesignerUnreachable, match="1 attempt; the server asks to wait 3600 s"):
        ask_again(Asked("3600"), 5, clock)
    assert clock.sleeps == []


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, 0.0),
        ("2.5", 2.5),
        ("-4", 0.0),
        ("nan", 0.0),
        ("inf", 0.0),
        ("soon", 0.0),
        ("Tue, 01 Jan 2030 12:00:30 GMT", 30.0),
        ("Tue, 01 Jan 2030 11:00:00 GMT", 0.0),
        ("Tue, 01 Jan 2030 12:00:30", 0.0),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float) -> None:
    assert retry_after_seconds(header, NOON) == seconds


@given(st.text())
def test_no_header_whatever_breaks_the_client(header: str) -> None:
    assert retry_after_seconds(header, NOON) >= 0.0
