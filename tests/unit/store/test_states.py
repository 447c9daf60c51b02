import itertools

import pytest

from service.schema import CandidateState, IterationState, RunState
from service.store import StateConflict
from service.store.states import WISHES, check_candidate_step, check_iteration_step, wished

WAYS = {
    ("proposed", "rejected"),
    ("proposed", "screened_out"),
    ("proposed", "queued"),
    ("proposed", "failed"),
    ("queued", "training"),
    ("queued", "pruned"),
    ("queued", "failed"),
    ("training", "pruned"),
    ("training", "trained"),
    ("training", "failed"),
    ("pruned", "queued"),
}


@pytest.mark.parametrize(("state", "then"), list(itertools.product(CandidateState, CandidateState)))
def test_a_candidate_goes_only_the_ways_it_may(state: CandidateState, then: CandidateState) -> None:
    if state == then or (state, then) in WAYS:
        check_candidate_step("c", state, then)
    else:
        with pytest.raises(StateConflict, match=f"candidate c is {state}: it cannot become {then}"):
            check_candidate_step("c", state, then)


def test_a_refusal_names_what_is_allowed() -> None:
    with pytest.raises(StateConflict, match="allowed here: failed, pruned, trained"):
        check_candidate_step("c", CandidateState.TRAINING, CandidateState.QUEUED)
    with pytest.raises(StateConflict, match="allowed here: nothing"):
        check_candidate_step("c", CandidateState.TRAINED, CandidateState.TRAINING)


@pytest.mark.parametrize(("state", "then"), list(itertools.product(IterationState, IterationState)))
def test_an_iteration_never_goes_back(state: IterationState, then: IterationState) -> None:
    order = ["designing", "screening", "training", "analyzing", "done"]
    if order.index(then) >= order.index(state):
        check_iteration_step("r", 1, state, then)
    else:
        with pytest.raises(StateConflict, match=f"iteration 1 of run r is {state}"):
            check_iteration_step("r", 1, state, then)


@pytest.mark.parametrize("state", [RunState.COMPLETED, RunState.FAILED, RunState.CANCELLED])
@pytest.mark.parametrize("wish", list(WISHES))
def test_nothing_can_be_wished_for_a_run_that_has_ended(state: RunState, wish: str) -> None:
    with pytest.raises(StateConflict, match=f"run r is {state}: it cannot {wish}; allowed here: nothing"):
        wished("r", state, wish)


def test_a_paused_run_can_be_resumed_or_cancelled_and_says_so() -> None:
    assert wished("r", RunState.PAUSED, "resume") is RunState.QUEUED
    assert wished("r", RunState.PAUSED, "cancel") is RunState.CANCELLED
    with pytest.raises(StateConflict, match="run r is paused: it cannot pause; allowed here: resume, cancel"):
        wished("r", RunState.PAUSED, "pause")
