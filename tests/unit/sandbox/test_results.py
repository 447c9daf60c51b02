"""What reward code may return, read into float32 columns."""

import numpy as np
import pytest

from sandbox.channel import MAX_COMPONENTS
from sandbox.errors import RewardMisshapen
from sandbox.results import reward_columns

ROWS = 4


def read(total: object, components: object) -> tuple[np.ndarray, list[str], int]:
    columns = np.full((1 + MAX_COMPONENTS, ROWS), np.nan, np.float32)
    names, broadcast = reward_columns((total, components), columns)
    return columns, names, broadcast


def refusal(total: object, components: object = None) -> str:
    with pytest.raises(RewardMisshapen) as caught:
        read(total, {"a": np.zeros(ROWS)} if components is None else components)
    return str(caught.value)


@pytest.mark.parametrize("kind", ["float16", "float32", "float64", "longdouble", "int8", "int64", "uint64", "bool"])
def test_every_real_type_becomes_float32(kind: str) -> None:
    columns, names, broadcast = read(np.ones(ROWS, kind), {"a": np.zeros(ROWS, kind), "b": 2})

    assert columns.dtype == np.float32
    assert columns[:3].tolist() == [[1.0] * ROWS, [0.0] * ROWS, [2.0] * ROWS]
    # Bit 2 is the second component, the one number that was spread.
    assert (names, broadcast) == (["a", "b"], 0b100)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (np.zeros(ROWS, "complex64"), "array of shape (4,) of dtype complex64; take np.real or np.abs"),
        (1j, "a complex of dtype complex128; take np.real"),
        ([None] * ROWS, "a list of dtype object; build arrays"),
        (10**400, "a int of dtype object; build arrays"),
        ("fast", "a str of dtype <U4; return float32, float64, int or bool"),
        (np.zeros(ROWS, "datetime64[s]"), "dtype datetime64[s]; return float32"),
        (None, "a NoneType of dtype object"),
    ],
)
def test_what_is_no_real_number_is_refused_with_its_type(value: object, told: str) -> None:
    message = refusal(value)

    assert message.startswith("the total: expected numbers, got a")
    assert told in message


def test_a_finite_number_past_float32_is_refused_with_type_count_and_first_row() -> None:
    told = refusal(np.array([1.0, 1e39, -1e300, np.inf]))

    # Infinity was none of float64's finite numbers: the parent tells of it.
    assert "up to 3.4e+38, got 1e+39 as float64 in 2 of 4 rows, first in row 1; bound" in told


def test_one_number_past_float32_is_refused_for_every_row() -> None:
    assert "got 1e+39 as float64 in 4 of 4 rows, first in row 0" in refusal(1e39)


def test_the_largest_float32_and_values_that_are_not_finite_pass_on() -> None:
    largest = float(np.finfo(np.float32).max)
    columns, _, _ = read(np.array([largest, -largest, np.inf, np.nan]), {"a": 1e-300})

    assert columns[0, :3].tolist() == [largest, -largest, np.inf]
    assert np.isnan(columns[0, 3])
    assert (columns[1] == 0.0).all()


def test_the_name_of_a_type_is_bounded_in_messages() -> None:
    endless = type("x" * 5000, (), {})()

    assert len(refusal(endless)) < 300
