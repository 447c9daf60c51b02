import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.evolution.trends import pearson, rank_correlation


def test_series_on_one_line_correlate_fully() -> None:
    assert pearson([1.0, 2.0, 3.0], [10.0, 30.0, 50.0]) == pytest.approx(1.0)
    assert pearson([1.0, 2.0, 3.0], [3.0, 2.0, 1.0]) == pytest.approx(-1.0)


def test_pearson_of_a_worked_example() -> None:
    # Centred: (-1, 0, 1) and (-1, 1, 0); dot product 1, lengths sqrt(2) each: 1 / 2.
    assert pearson([1.0, 2.0, 3.0], [1.0, 3.0, 2.0]) == pytest.approx(0.5)


def test_tiny_and_huge_series_correlate_as_others_do() -> None:
    assert pearson([0.0, 1e-299, 2e-299], [0.0, 1e300, 2e300]) == pytest.approx(1.0)


def test_ranks_ignore_how_far_apart_values_are() -> None:
    assert rank_correlation([1.0, 2.0, 3.0], [1.0, 10.0, 1e6]) == pytest.approx(1.0)


def test_a_constant_series_has_no_correlation_even_with_rounding() -> None:
    rounded = [0.1, 0.1 + 1e-17, 0.1 + 3e-17]
    for constant in ([5.0, 5.0, 5.0], [0.0, 0.0, 0.0], rounded):
        assert pearson(constant, [1.0, 2.0, 3.0]) is None
        assert rank_correlation([1.0, 2.0, 3.0], constant) is None


def test_too_few_points_have_no_correlation() -> None:
    assert pearson([1.0, 2.0], [1.0, 2.0]) is None
    assert rank_correlation([], []) is None
    assert pearson([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], at_least=4) is None


def test_places_that_are_not_finite_are_left_out() -> None:
    assert pearson([1.0, 2.0, math.nan, 3.0], [1.0, 2.0, 9.0, 3.0]) == pytest.approx(1.0)
    assert pearson([1.0, math.inf, math.nan, 3.0], [1.0, 2.0, 9.0, 3.0]) is None


VALUE = st.floats(-1e6, 1e6) | st.just(math.nan)


@settings(deadline=None, derandomize=True)
@given(pairs=st.lists(st.tuples(VALUE, VALUE), max_size=12))
def test_a_correlation_is_none_or_within_minus_one_and_one(pairs: list[tuple[float, float]]) -> None:
    a, b = [first for first, _ in pairs], [second for _, second in pairs]
    for r in (pearson(a, b), rank_correlation(a, b)):
        assert r is None or -1.0 <= r <= 1.0
