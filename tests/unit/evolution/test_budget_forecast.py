from __future__ import annotations

import pytest

from service.evolution.budget_forecast import Comparison, Course, budgets_reached, unkept
from service.schema import Budget

# Three iterations of 100 steps and a comparison of 50 that begins only where 80 are left: 350 in all.
STEPS = Course("environment_steps", [100, 100, 100], Comparison(takes=50, begins_with=80))


@pytest.mark.parametrize(
    ("limit", "whole"),
    [(50, 0), (100, 1), (199, 1), (299, 2), (300, 3), (379, 3), (380, None), (1000, None)],
)
def test_a_limit_is_reached_after_the_iterations_that_fit(limit: float, whole: int | None) -> None:
    assert STEPS.whole_iterations(limit) == whole


def test_a_run_without_a_comparison_needs_nothing_after_its_last_iteration() -> None:
    assert Course("usd", [1.0, 1.0], None).whole_iterations(2.0) is None
    # A budget that is used up when the search is over leaves the comparison out, though that costs no dollar.
    assert Course("usd", [1.0, 1.0], Comparison(0.0, 0.0)).whole_iterations(2.0) == 2


def test_what_costs_nothing_reaches_no_limit() -> None:
    assert Course("usd", [0.0, 0.0], Comparison(0.0, 0.0)).whole_iterations(0.01) is None


def test_the_limit_that_bites_first_comes_first_and_is_told_in_words() -> None:
    seconds = Course("seconds", [60.0, 60.0, 60.0], Comparison(30.0, 0.0))
    usd = Course("usd", [0.1, 0.1, 0.1], None)
    found = budgets_reached(Budget(usd=9.0, environment_steps=320, seconds=100.0), [STEPS, usd, seconds])
    assert [(one.budget, one.whole_iterations) for one in found] == [("seconds", 1), ("environment_steps", 3)]
    assert found[0].reason == ("the budget of 100 s may be used up in iteration 2 of 3: the whole run trains for 210 s")
    assert "before the final comparison is over: the whole run takes up to 350 environment steps" in found[1].reason


def test_a_limit_in_dollars_takes_a_price_that_is_known() -> None:
    reason = unkept(Budget(usd=1.0), "openai/of-my-own-server")
    assert reason is not None
    assert "no price is known for openai/of-my-own-server" in reason
    assert unkept(Budget(seconds=60.0), "openai/of-my-own-server") is None
    assert unkept(Budget(usd=1.0), "openai/gpt-4o") is None
    assert unkept(Budget(usd=1.0), "offline") is None


def test_a_run_without_limits_reaches_none() -> None:
    assert budgets_reached(Budget(), [STEPS]) == ()
