"""Figures of a reward, derived by hand."""

import numpy as np
import pytest

from sandbox.findings import findings, statistics
from sandbox.probes import Moved, Probed
from sandbox.reward import RewardBatch

A = np.array([1.0, -1.0, 1.0, -1.0], np.float32)
B = np.array([0.0, 0.0, 0.0, 4.0], np.float32)
MOVES = {"x": Moved(True, frozenset({"a"})), "y": Moved(True, frozenset({"b"})), "z": Moved(False, frozenset())}


def test_shares_are_of_mean_magnitudes_and_ends_of_the_range() -> None:
    total, (a, b) = statistics(RewardBatch(A + B, {"a": A, "b": B}), MOVES)

    # Mean magnitudes are 1 and 4/4 = 1: half each.
    assert (a.share, b.share, total.share) == (0.5, 0.5, 1.0)
    # a is at each end half the time, b at its lower end in three of four rows.
    assert (a.saturated, b.saturated) == (0.5, 0.75)
    # b has mean 1 and squares of deviations 1, 1, 1 and 9: variance 3.
    assert (b.mean, b.std, b.min, b.max) == (1.0, pytest.approx(3**0.5), 0.0, 4.0)
    assert (a.inputs, b.inputs, total.inputs) == (("x",), ("y",), ("x", "y"))
    # A + B is 1, -1, 1, 3.
    assert (total.mean, total.min, total.max) == (1.0, -1.0, 3.0)


def test_components_that_are_all_zero_have_no_share() -> None:
    zero = np.zeros(4, np.float32)
    _, (a,) = statistics(RewardBatch(zero, {"a": zero}), {})

    assert (a.share, a.saturated) == (0.0, 1.0)


@pytest.mark.parametrize(("seconds", "slow"), [(4 * 4.9e-6, False), (4 * 5.1e-6, True)])
def test_five_microseconds_per_transition_are_slow(seconds: float, slow: bool) -> None:
    batch = RewardBatch(A + B, {"a": A, "b": B})
    probed = Probed((), batch, MOVES, None, seconds)

    notes = findings(probed, dict.fromkeys(MOVES, A), *statistics(batch, MOVES))
    assert [note.code for note in notes] == ["ignored"] + ["slow"] * slow


def test_a_note_of_what_fails_further_out_is_printable_and_bounded() -> None:
    batch = RewardBatch(A + B, {"a": A, "b": B})
    probed = Probed((), batch, MOVES, "\x1b[31m\n" + "x" * 5000, 0.0)

    [_, fragile] = findings(probed, dict.fromkeys(MOVES, A), *statistics(batch, MOVES))
    assert fragile.code == "fragile"
    assert fragile.message.isprintable()
    assert len(fragile.message) < 800
