import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from service.evolution.screening import (
    SAME_REWARD,
    Duplicate,
    canonical,
    distance,
    screen,
)

REWARDS = hnp.arrays(np.float64, 8, elements=st.floats(-100.0, 100.0, allow_subnormal=False))


def array(*values: float) -> NDArray[np.float64]:
    return np.array(values, dtype=np.float64)


def test_the_canonical_form_has_length_one() -> None:
    # (3, 4) has length 5.
    np.testing.assert_allclose(canonical(array(3.0, 4.0), fixed_horizon=False), [0.6, 0.8])


def test_a_constant_shift_is_removed_where_the_horizon_is_fixed() -> None:
    # (3, 5) less its mean 4 is (-1, 1), of length sqrt(2).
    np.testing.assert_allclose(canonical(array(3.0, 5.0), fixed_horizon=True), array(-1.0, 1.0) / np.sqrt(2.0))


def test_a_constant_reward_prefers_nothing_where_the_horizon_is_fixed() -> None:
    assert not np.any(canonical(np.full(7, 0.1), fixed_horizon=True))
    assert np.all(canonical(np.full(7, 0.1), fixed_horizon=False) > 0.0)


def test_rounding_of_float32_around_a_constant_is_no_preference() -> None:
    rounded = np.array([0.1, 0.1 + 1e-8, 0.1 - 1e-8], dtype=np.float32).astype(np.float64)
    assert not np.any(canonical(rounded, fixed_horizon=True))


def test_a_zero_reward_is_its_own_canonical_form() -> None:
    assert not np.any(canonical(np.zeros(3), fixed_horizon=False))


@pytest.mark.parametrize("bad", [array(), array(1.0, np.nan), array(np.inf), np.ones((2, 2))])
def test_values_that_are_not_finite_or_not_there_are_refused(bad: NDArray[np.float64]) -> None:
    with pytest.raises(ValueError, match="finite"):
        canonical(bad, fixed_horizon=False)


def test_opposite_rewards_are_at_distance_one_and_unrelated_ones_at_root_half() -> None:
    # Orthogonal forms of length 1 are sqrt(2) apart; half of it is sqrt(1/2).
    x, y = canonical(array(1.0, 0.0), fixed_horizon=False), canonical(array(0.0, 1.0), fixed_horizon=False)
    assert distance(x, -x) == 1.0
    assert distance(x, y) == pytest.approx(np.sqrt(0.5))


def test_forms_over_different_transitions_have_no_distance() -> None:
    with pytest.raises(ValueError, match="same transitions"):
        distance(np.ones(2), np.ones(3))


@settings(deadline=None, derandomize=True)
@given(reward=REWARDS, scale=st.floats(1e-3, 1e3), fixed_horizon=st.booleans())
def test_a_positive_scale_never_matters(reward: NDArray[np.float64], scale: float, fixed_horizon: bool) -> None:
    same = distance(canonical(reward, fixed_horizon), canonical(scale * reward, fixed_horizon))
    assert same < 1e-6


@settings(deadline=None, derandomize=True)
@given(reward=REWARDS.filter(lambda values: np.std(values) > 0.1), shift=st.floats(-100.0, 100.0))
def test_a_shift_never_matters_where_the_horizon_is_fixed(reward: NDArray[np.float64], shift: float) -> None:
    same = distance(canonical(reward, fixed_horizon=True), canonical(reward + shift, fixed_horizon=True))
    assert same < 1e-6


@settings(deadline=None, derandomize=True)
@given(reward=REWARDS.filter(lambda values: np.std(values) > 0.1), shift=st.floats(200.0, 1000.0))
def test_a_shift_always_matters_where_episodes_may_end_early(reward: NDArray[np.float64], shift: float) -> None:
    # Centred, no form is changed by the shift; not centred, only a constant would be.
    changed = distance(canonical(reward, fixed_horizon=False), canonical(reward + shift, fixed_horizon=False))
    assert changed > 1e-6


@settings(deadline=None, derandomize=True)
@given(a=REWARDS, b=REWARDS, c=REWARDS, fixed_horizon=st.booleans())
def test_the_distance_is_a_metric_within_zero_and_one(
    a: NDArray[np.float64], b: NDArray[np.float64], c: NDArray[np.float64], fixed_horizon: bool
) -> None:
    x, y, z = (canonical(reward, fixed_horizon) for reward in (a, b, c))
    assert 0.0 <= distance(x, y) <= 1.0
    assert distance(x, y) == distance(y, x)
    assert distance(x, z) <= distance(x, y) + distance(y, z) + 1e-12


def test_a_scaled_copy_of_an_earlier_reward_is_a_duplicate_of_it() -> None:
    found = screen({"new": array(2.0, 4.0, 6.0)}, {"old": array(1.0, 2.0, 3.0)}, fixed_horizon=False)
    assert found == (Duplicate(candidate_id="new", same_as="old", distance=pytest.approx(0.0, abs=1e-9)),)


def test_of_new_rewards_that_are_the_same_the_first_stays() -> None:
    one, other = array(1.0, 2.0, 3.0), array(3.0, -1.0, 0.0)
    found = screen({"a": one, "b": other, "c": 3.0 * one, "d": 5.0 * one}, {}, fixed_horizon=False)
    assert [(duplicate.candidate_id, duplicate.same_as) for duplicate in found] == [("c", "a"), ("d", "a")]


def test_an_alive_bonus_makes_another_reward_unless_the_horizon_is_fixed() -> None:
    plain, with_bonus = array(0.0, 1.0, 2.0), array(1.0, 2.0, 3.0)
    assert screen({"new": with_bonus}, {"old": plain}, fixed_horizon=False) == ()
    assert len(screen({"new": with_bonus}, {"old": plain}, fixed_horizon=True)) == 1


def test_a_duplicate_names_the_nearest_that_stays() -> None:
    # Angles 0, 0.3 and 0.2 rad: sin(0.2 / 2) = 0.0998 and sin(0.1 / 2) = 0.04998 are the distances of the new one.
    angle = {name: array(np.cos(turn), np.sin(turn)) for name, turn in (("a", 0.0), ("b", 0.3), ("new", 0.2))}
    found = screen({"new": angle["new"]}, {"a": angle["a"], "b": angle["b"]}, fixed_horizon=False, threshold=0.1)
    assert found == (Duplicate(candidate_id="new", same_as="b", distance=pytest.approx(np.sin(0.05))),)


def test_the_threshold_is_the_largest_distance_of_one_reward() -> None:
    # Forms at an angle t are sin(t / 2) apart.
    def turned(wanted: float) -> NDArray[np.float64]:
        turn = 2.0 * np.arcsin(wanted)
        return array(np.cos(turn), np.sin(turn))

    new = {"inside": turned(0.9 * SAME_REWARD), "outside": turned(-1.1 * SAME_REWARD)}
    found = screen(new, {"old": array(1.0, 0.0)}, fixed_horizon=False)
    assert [duplicate.candidate_id for duplicate in found] == ["inside"]
