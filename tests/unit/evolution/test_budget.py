from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from service.evolution.budget import barren, exhausted, hopeless
from service.schema import (
    Budget,
    Candidate,
    CandidateState,
    Fault,
    Fitness,
    Iteration,
    IterationState,
    Run,
    RunRecord,
    RunRequest,
    RunState,
    Spending,
    Verdict,
)

NOW = datetime(2025, 1, 1, tzinfo=UTC)
REQUEST = RunRequest(task="hop", environment="Hopper-v5")
REJECTED, FAILED, TRAINED = CandidateState.REJECTED, CandidateState.FAILED, CandidateState.TRAINED


def rejected(iteration: int, slot: int, *codes: str) -> Candidate:
    faults = tuple(Fault(code=code, message=f"{code} found") for code in codes)
    return candidate(iteration, slot, REJECTED, verdict=Verdict(accepted=False, faults=faults))


def candidate(
    iteration: int, slot: int, state: CandidateState, verdict: Verdict | None = None, reason: str | None = None
) -> Candidate:
    return Candidate(
        id=f"r-0123456789-{iteration}-{slot}",
        run_id="r-0123456789",
        iteration=iteration,
        slot=slot,
        state=state,
        source="",
        origin="proposed",
        verdict=verdict,
        reason=reason,
        created_at=NOW,
    )


def record(candidates: Sequence[Candidate], open_iteration: int | None = None) -> RunRecord:
    """A run with these candidates, whose iterations are done but for `open_iteration`."""
    numbers = sorted({candidate.iteration for candidate in candidates})
    run = Run(
        id="r-0123456789",
        request=REQUEST,
        fitness=Fitness(name="forward_speed", score="steps", success="True"),
        steps=1000,
        state=RunState.RUNNING,
        reason=None,
        iteration=max(numbers, default=0),
        best_fitness=None,
        best_candidate_id=None,
        comparison=None,
        spending=Spending(),
        created_at=NOW,
        updated_at=NOW,
    )
    iterations = tuple(
        Iteration(
            run_id=run.id,
            number=number,
            state=IterationState.TRAINING if number == open_iteration else IterationState.DONE,
        )
        for number in numbers
    )
    return RunRecord(run=run, iterations=iterations, candidates=tuple(candidates), completions=(), trainings=())


def test_without_limits_nothing_is_ever_used_up() -> None:
    assert exhausted(Budget(), Spending(usd=1e6, environment_steps=10**12, seconds=1e9)) is None


def test_below_every_limit_there_is_budget_left() -> None:
    budget = Budget(usd=2.0, environment_steps=1000, seconds=60.0)
    assert exhausted(budget, Spending(usd=1.99, environment_steps=999, seconds=59.9)) is None


@pytest.mark.parametrize(
    ("budget", "spending", "figures"),
    [
        (Budget(usd=2.0), Spending(usd=2.0), ("2.00 USD", "2.00 USD spent")),
        (Budget(environment_steps=1000), Spending(environment_steps=1500), ("1,000", "1,500 steps trained")),
        (Budget(seconds=60.0), Spending(seconds=61.0), ("60 s", "61 s worked")),
    ],
)
def test_a_limit_reached_is_named_with_both_figures(
    budget: Budget, spending: Spending, figures: tuple[str, str]
) -> None:
    reason = exhausted(budget, spending)
    assert reason is not None
    assert all(figure in reason for figure in figures)


def test_completions_that_may_have_been_paid_are_said() -> None:
    # Two cost 0.80 USD, so that one more is taken for 0.40: 1.20 in all.
    spending = Spending(usd=0.8, completions=2, completions_possibly_paid=1)
    reason = exhausted(Budget(usd=1.2), spending)
    assert reason is not None
    assert "0.80 USD spent, and 0.40 USD possibly paid for 1 completions in flight" in reason
    assert exhausted(Budget(usd=1.21), spending) is None


def test_a_reason_shared_by_all_is_no_longer_one_once_a_user_wants_more() -> None:
    failed = record([rejected(1, 0, "syntax"), rejected(1, 1, "syntax")])
    assert hopeless(failed) is not None
    wanted = failed.run.model_copy(update={"excused_iterations": 1})
    assert hopeless(failed.model_copy(update={"run": wanted})) is None


def test_there_is_hope_before_the_first_iteration_is_done() -> None:
    assert hopeless(record([])) is None
    assert hopeless(record([rejected(1, 0, "syntax"), rejected(1, 1, "syntax")], open_iteration=1)) is None


def test_three_iterations_in_a_row_without_a_trained_candidate_are_barren() -> None:
    reason = barren(record([rejected(1, 0, "syntax"), rejected(2, 0, "syntax"), rejected(3, 0, "loop")]))
    assert reason is not None
    assert "iterations 1 to 3" in reason


def test_two_such_iterations_are_not_yet_barren() -> None:
    assert barren(record([rejected(1, 0, "syntax"), rejected(2, 0, "syntax")])) is None


def test_a_trained_candidate_among_the_last_three_iterations_gives_hope() -> None:
    candidates = [
        rejected(1, 0, "syntax"),
        rejected(2, 0, "syntax"),
        candidate(3, 0, TRAINED),
        rejected(4, 0, "syntax"),
        rejected(5, 0, "syntax"),
    ]
    assert barren(record(candidates)) is None


def test_iterations_before_a_user_resumed_the_run_no_longer_count() -> None:
    found = record([rejected(number, 0, "syntax") for number in range(1, 6)])
    assert barren(found) is not None
    excused = found.model_copy(update={"run": found.run.model_copy(update={"excused_iterations": 3})})
    assert barren(excused) is None


def test_an_iteration_whose_candidates_were_all_rejected_for_one_reason_is_hopeless() -> None:
    reason = hopeless(record([rejected(1, 0, "unknown_variable", "loop"), rejected(1, 1, "unknown_variable")]))
    assert reason is not None
    assert "iteration 1" in reason
    assert "unknown_variable" in reason


def test_different_reasons_leave_hope() -> None:
    assert hopeless(record([rejected(1, 0, "syntax"), rejected(1, 1, "loop")])) is None


def test_candidates_refused_for_nothing_known_leave_hope() -> None:
    assert hopeless(record([candidate(1, 0, FAILED), candidate(1, 1, FAILED)])) is None


def test_trainings_that_all_fail_alike_are_hopeless_whatever_the_details() -> None:
    passed = Verdict(accepted=True)
    candidates = [
        candidate(1, 0, FAILED, verdict=passed, reason="not_finite: component 'a' is NaN at row 7"),
        candidate(1, 1, FAILED, verdict=passed, reason="not_finite: component 'b' is NaN at row 0"),
    ]
    reason = hopeless(record(candidates))
    assert reason is not None
    assert "not_finite" in reason


def test_one_candidate_that_was_trained_or_screened_out_gives_hope() -> None:
    for state in (TRAINED, CandidateState.SCREENED_OUT):
        assert hopeless(record([rejected(1, 0, "syntax"), rejected(1, 1, "syntax"), candidate(1, 2, state)])) is None


def test_only_the_last_iteration_counts_for_a_shared_reason() -> None:
    candidates = [rejected(1, 0, "syntax"), rejected(1, 1, "syntax"), candidate(2, 0, TRAINED)]
    assert hopeless(record(candidates)) is None
