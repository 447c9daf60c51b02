"""A transition in words."""

import numpy as np

from sandbox.rows import shown


def test_a_row_is_shown_with_the_inputs_it_had() -> None:
    inputs = {"speed": np.array([0.0, 0.123456], np.float32), "action": np.array([[0, 0], [1, -0.5]], np.float32)}

    assert shown(inputs, 1) == "row 1, where speed=0.1235, action=[1, -0.5]"


def test_long_vectors_and_many_inputs_are_counted_and_not_written_out() -> None:
    joints = np.arange(54, dtype=np.float32).reshape(2, 27)
    scalars = {f"x{i}": np.zeros(2, np.float32) for i in range(9)}

    assert shown({"joints": joints}, 0) == "row 0, where joints=[0, 1, 2, 3, … 27 in all]"
    # Eight are written out; two of the ten inputs are left.
    assert shown({"joints": joints, **scalars}, 0).endswith("x6=0 and 2 inputs more")


def test_a_code_without_inputs_still_has_rows() -> None:
    assert shown({}, 3) == "row 3"


def test_the_largest_rows_there_can_be_are_bounded() -> None:
    inputs = {f"{'v' * 47}{i}": np.full((1, 512), -1.2345e-30, np.float32) for i in range(40)}

    # 8 inputs of a name of 48, 4 entries of at most 10 characters and a few marks each.
    assert len(shown(inputs, 0)) < 8 * 130
