"""The way of a run: each step follows from what is stored, and from nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from service.evolution.steps import (
    Analyze,
    AwaitFeedback,
    Compare,
    Continue,
    Design,
    Finish,
    Pause,
    Screen,
    StartIteration,
    Train,
    next_step,
)
from service.schema import (
    Budget,
    Candidate,
    CandidateState,
    Comparison,
    Fitness,
    Iteration,
    IterationState,
    Run,
    RunRecord,
    RunRequest,
    RunState,
    SearchConfig,
    Spending,
    TrainingConfig,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def record(
    *states: IterationState,
    trained: bool = True,
    iterations: int = 2,
    comparison: Comparison | None = None,
    seeds: int = 5,
    budget: Budget | None = None,
    spent: int = 0,
) -> RunRecord:
    """A run of some iterations with one candidate each, trainings of 100 steps."""
    request = RunRequest(
        task="hop",
        environment="Hopper-v5",
        search=SearchConfig(iterations=iterations, candidates=4),
        training=TrainingConfig(comparison_seeds=seeds),
        budget=budget or Budget(),
    )
    run = Run(
        id="r",
        request=request,
        fitness=Fitness(name="f", score="0.0", success="False"),
        steps=100,
        state=RunState.RUNNING,
        reason=None,
        iteration=len(states),
        best_fitness=None,
        best_candidate_id=None,
        comparison=comparison,
        spending=Spending(environment_steps=spent),
        created_at=NOW,
        updated_at=NOW,
    )
    candidates = [
        Candidate(
            id=f"r-{number}-0",
            run_id="r",
            iteration=number,
            slot=0,
            state=CandidateState.TRAINED if trained else CandidateState.REJECTED,
            source="",
            origin="sampled",
            fitness=float(number) if trained else None,
            reason=None if trained else f"reason {number}",
            created_at=NOW,
        )
        for number in range(1, len(states) + 1)
    ]
    return RunRecord(
        run=run,
        iterations=tuple(Iteration(run_id="r", number=n, state=state) for n, state in enumerate(states, 1)),
        candidates=tuple(candidates),
        completions=(),
        trainings=(),
    )


DONE = IterationState.DONE
COMPARED = Comparison(winner_id="r-2-0", rewards=(), human_normalised=None, steps=100)


def test_a_new_run_starts_its_first_iteration() -> None:
    assert next_step(record()) == StartIteration(1)


@pytest.mark.parametrize(
    ("state", "step"),
    [
        (IterationState.DESIGNING, Design(2)),
        (IterationState.SCREENING, Screen(2)),
        (IterationState.TRAINING, Train(2)),
        (IterationState.ANALYZING, Analyze(2)),
    ],
)
def test_an_iteration_under_way_goes_on_where_its_state_says(state: IterationState, step: object) -> None:
    assert next_step(record(DONE, state)) == step


def with_candidate(found: RunRecord, candidate_id: str, state: CandidateState) -> RunRecord:
    """The same run with one candidate in another state."""
    changed = tuple(
        one.model_copy(update={"state": state}) if one.id == candidate_id else one for one in found.candidates
    )
    return found.model_copy(update={"candidates": changed})


@pytest.mark.parametrize("state", [CandidateState.QUEUED, CandidateState.TRAINING])
@pytest.mark.parametrize("then", [IterationState.DESIGNING, IterationState.TRAINING, DONE])
def test_a_continued_candidate_of_an_earlier_iteration_is_trained_first_whatever_the_budget(
    state: CandidateState, then: IterationState
) -> None:
    found = record(DONE, then, budget=Budget(environment_steps=100), spent=1000, comparison=COMPARED)
    assert next_step(with_candidate(found, "r-1-0", state)) == Continue(("r-1-0",))


def test_a_candidate_that_waits_in_the_iteration_under_way_is_trained_with_the_rest() -> None:
    found = record(DONE, IterationState.TRAINING)
    assert next_step(with_candidate(found, "r-2-0", CandidateState.QUEUED)) == Train(2)


def test_every_seed_of_another_iteration_must_be_affordable() -> None:
    # Four candidates of 100 steps: 400 with one seed, 800 with two.
    found = record(DONE, budget=Budget(environment_steps=500))
    assert next_step(found) == StartIteration(2)
    training = found.run.request.training.model_copy(update={"seeds": 2, "comparison_seeds": 0})
    request = found.run.request.model_copy(update={"training": training})
    step = next_step(found.model_copy(update={"run": found.run.model_copy(update={"request": request})}))
    assert isinstance(step, Finish)
    assert step.reason is not None
    assert "800 environment steps" in step.reason


def test_the_next_iteration_follows_until_all_are_done() -> None:
    assert next_step(record(DONE)) == StartIteration(2)


def test_after_the_last_iteration_the_best_of_all_is_compared() -> None:
    assert next_step(record(DONE, DONE)) == Compare("r-2-0")


def test_a_run_ends_once_its_winner_is_compared() -> None:
    assert next_step(record(DONE, DONE, comparison=COMPARED)) == Finish(RunState.COMPLETED, None)


def test_a_run_that_asked_for_no_comparison_ends_without_one() -> None:
    assert next_step(record(DONE, DONE, seeds=0)) == Finish(RunState.COMPLETED, None)


def test_a_run_without_a_trained_candidate_fails_and_says_why() -> None:
    step = next_step(record(DONE, DONE, trained=False))
    assert isinstance(step, Finish)
    assert step.state is RunState.FAILED
    assert "no candidate could be trained" in (step.reason or "")


def test_a_run_that_brings_nothing_is_left_for_a_user_to_look_at() -> None:
    step = next_step(record(DONE, DONE, DONE, trained=False, iterations=9))
    assert isinstance(step, Pause)
    assert "iterations 1 to 3" in step.reason
    # With no iteration left to buy there is nothing to ask: it ends.
    assert isinstance(next_step(record(DONE, DONE, DONE, trained=False, iterations=3)), Finish)


def test_a_run_that_waits_for_words_is_left_after_each_iteration_but_the_last() -> None:
    def waiting(found: RunRecord, heard: int) -> RunRecord:
        request = found.run.request.model_copy(update={"feedback": "wait"})
        return found.model_copy(
            update={"run": found.run.model_copy(update={"request": request, "heard_iterations": heard})}
        )

    assert next_step(waiting(record(), 0)) == StartIteration(1)
    assert next_step(waiting(record(DONE), 0)) == AwaitFeedback(1)
    assert next_step(waiting(record(DONE), 1)) == StartIteration(2)
    assert next_step(waiting(record(DONE, DONE), 1)) == Compare("r-2-0")


def test_an_iteration_that_the_step_budget_cannot_pay_is_not_begun() -> None:
    # Another iteration takes 4 x 100 steps; 399 are left, and the comparison takes 15 x 100.
    step = next_step(record(DONE, budget=Budget(environment_steps=799), spent=400))
    assert isinstance(step, Finish)
    assert step.state is RunState.COMPLETED
    assert "399 of the budget of 799 are left" in (step.reason or "")


def test_a_comparison_that_just_fits_the_step_budget_is_made() -> None:
    # 3 rewards x 5 seeds x 100 steps = 1500, and 1500 are left.
    assert next_step(record(DONE, DONE, budget=Budget(environment_steps=2000), spent=500)) == Compare("r-2-0")


def test_a_used_up_budget_starts_nothing_more() -> None:
    step = next_step(record(DONE, budget=Budget(environment_steps=500), spent=500))
    assert isinstance(step, Finish)
    assert step.state is RunState.COMPLETED
