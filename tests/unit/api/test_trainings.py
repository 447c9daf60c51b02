from hypothesis import given
from hypothesis import strategies as st

from service.api.trainings import spread


def test_a_long_curve_keeps_its_ends_and_is_thinned_evenly() -> None:
    # 0 to 100 in 5 points: every 25th
    assert spread(tuple(range(101)), 5) == (0, 25, 50, 75, 100)


def test_a_short_curve_is_left_as_it_is() -> None:
    assert spread((1, 2, 3), 3) == (1, 2, 3)
    assert spread((), 2) == ()


@given(st.integers(0, 500), st.integers(2, 50))
def test_no_point_comes_twice_or_out_of_order(length: int, points: int) -> None:
    thinned = spread(tuple(range(length)), points)
    assert len(thinned) == min(length, points)
    assert list(thinned) == sorted(set(thinned))
    assert thinned[:1] + thinned[-1:] == tuple(range(length))[:1] + tuple(range(length))[-1:]
