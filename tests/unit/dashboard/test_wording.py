"""Figures as people read them."""

from __future__ import annotations

import pytest

from service.dashboard.wording import duration, figure, percent, spark, usd


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "\N{EN DASH}"),
        (float("nan"), "\N{EN DASH}"),
        (0.0, "0"),
        (1.23456, "1.23"),
        (12.3456, "12.3"),
        (123.456, "123"),
        (12_345.6, "12,346"),
        (0.0123456, "0.0123"),
        (-1.5, "\N{MINUS SIGN}1.50"),
    ],
)
def test_a_figure_has_three_significant_digits(value: float | None, text: str) -> None:
    assert figure(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(None, "\N{EN DASH}"), (0.0, "$0.00"), (0.004, "< $0.01"), (1234.5, "$1,234.50")]
)
def test_money_is_told_to_the_cent_and_never_rounded_to_nothing(value: float | None, text: str) -> None:
    assert usd(value) == text


@pytest.mark.parametrize(("value", "text"), [(None, "\N{EN DASH}"), (0.125, "12%"), (1.0, "100%")])
def test_a_share_is_told_in_percent(value: float | None, text: str) -> None:
    assert percent(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(-1, "0 s"), (59, "59 s"), (61, "1 min"), (5400, "1.5 h"), (200_000, "2 d")]
)
def test_a_span_is_told_in_its_largest_unit(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_a_course_is_a_line_from_left_to_right_and_higher_is_up() -> None:
    # 92 by 20 within a margin of 2: thirds of the width, the lowest at 22, the highest at 2, halfway at 12
    assert spark([1.0, 3.0, None, 2.0]) == "2.0,22.0 32.7,2.0 94.0,12.0"


@pytest.mark.parametrize("values", [[], [1.0], [None, 2.0], [float("nan"), 2.0]])
def test_one_point_makes_no_line(values: list[float | None]) -> None:
    assert spark(values) == ""


def test_what_stays_the_same_is_level() -> None:
    assert spark([1.0, 1.0]) == "2.0,22.0 94.0,22.0"
