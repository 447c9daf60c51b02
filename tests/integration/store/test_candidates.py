from datetime import UTC, datetime

import pytest

from service.schema import Candidate, CandidateState, EventKind, Fault, Finding, IterationState, Severity, Verdict
from service.store import NotFound, StateConflict, Store, Writer

FINDING = Finding(code="dead_component", severity=Severity.WARNING, message="upright never moves", component="upright")


def candidate(writer: Writer, iteration: int = 1, slot: int = 0, source: str = "pass", **more: object) -> Candidate:
    run_id = writer.claim.run_id
    fields = {
        "id": f"{run_id}-{iteration}-{slot}",
        "run_id": run_id,
        "iteration": iteration,
        "slot": slot,
        "state": "proposed",
        "source": source,
        "origin": "proposed",
        "created_at": datetime(2030, 1, 1, tzinfo=UTC),
    }
    return Candidate.model_validate(fields | more)


def add_trained(writer: Writer, iteration: int, slot: int, fitness: float, success_rate: float = 0.0) -> str:
    proposed = candidate(writer, iteration, slot)
    writer.add_candidate(proposed)
    for state in (CandidateState.QUEUED, CandidateState.TRAINING):
        writer.set_candidate_state(proposed.id, state)
    writer.set_candidate_state(proposed.id, CandidateState.TRAINED, fitness=fitness, success_rate=success_rate)
    return proposed.id


def test_a_candidate_comes_back_as_it_was_stored(store: Store, writer: Writer) -> None:
    verdict = Verdict(accepted=False, faults=(Fault(code="syntax", message="no Python", line=3),))
    stored = candidate(writer, parents=("r-other-1-0",), verdict=verdict, reason="no Python", findings=(FINDING,))
    writer.add_candidate(stored)
    assert store.candidates(writer.claim.run_id) == (stored,)
    assert store.candidate(writer.claim.run_id, stored.id) == stored


def test_the_same_candidate_again_changes_nothing(store: Store, writer: Writer) -> None:
    writer.add_candidate(candidate(writer))
    events = store.events(writer.claim.run_id)
    writer.add_candidate(candidate(writer))
    assert store.events(writer.claim.run_id) == events


def test_a_rejected_candidate_is_replaced_by_its_repair(store: Store, writer: Writer) -> None:
    writer.add_candidate(candidate(writer, source="broken", state="rejected", reason="no Python"))
    repaired = candidate(writer, source="mended", origin="repaired")
    writer.add_candidate(repaired)
    assert store.candidates(writer.claim.run_id) == (repaired,)


def test_a_candidate_past_its_critic_is_neither_set_back_nor_replaced(store: Store, writer: Writer) -> None:
    proposed = candidate(writer)
    writer.add_candidate(proposed)
    writer.set_candidate_state(proposed.id, CandidateState.QUEUED)
    writer.add_candidate(proposed)
    assert store.candidate(writer.claim.run_id, proposed.id).state is CandidateState.QUEUED
    with pytest.raises(StateConflict, match="is queued with another source"):
        writer.add_candidate(candidate(writer, source="another"))


def test_a_candidate_of_another_run_is_refused(writer: Writer) -> None:
    foreign = candidate(writer).model_copy(update={"run_id": "r-other"})
    with pytest.raises(StateConflict, match="is of run r-other"):
        writer.add_candidate(foreign)


def test_a_step_that_a_candidate_may_not_take_is_refused_and_writes_nothing(store: Store, writer: Writer) -> None:
    proposed = candidate(writer)
    writer.add_candidate(proposed)
    with pytest.raises(StateConflict, match="is proposed: it cannot become trained"):
        writer.set_candidate_state(proposed.id, CandidateState.TRAINED, fitness=1.0)
    assert store.candidate(writer.claim.run_id, proposed.id) == proposed
    with pytest.raises(NotFound):
        writer.set_candidate_state("nowhere", CandidateState.QUEUED)


@pytest.mark.parametrize("fitness", [float("nan"), float("inf")])
def test_a_fitness_that_cannot_be_ranked_is_refused(writer: Writer, fitness: float) -> None:
    proposed = candidate(writer)
    writer.add_candidate(proposed)
    with pytest.raises(ValueError, match="fitness must be finite"):
        writer.set_candidate_state(proposed.id, CandidateState.QUEUED, fitness=fitness)


def test_findings_are_added_to_a_trained_candidate_and_told_once(store: Store, writer: Writer) -> None:
    trained = add_trained(writer, 1, 0, fitness=2.0)
    for _ in range(2):
        writer.set_candidate_state(trained, CandidateState.TRAINED, findings=(FINDING,))
    stored = store.candidate(writer.claim.run_id, trained)
    assert (stored.fitness, stored.findings) == (2.0, (FINDING,))
    told = [event for event in store.events(writer.claim.run_id) if event.kind is EventKind.FINDINGS]
    assert [event.text for event in told] == [f"{trained}: upright never moves"]


def test_figures_of_an_iteration_are_over_its_trained_candidates(store: Store, writer: Writer) -> None:
    writer.start_iteration(1)
    writer.start_iteration(2)
    add_trained(writer, 1, 0, fitness=1.0)
    add_trained(writer, 1, 1, fitness=4.0)
    writer.add_candidate(candidate(writer, 1, 2))
    writer.set_candidate_state(f"{writer.claim.run_id}-1-2", CandidateState.FAILED, reason="killed")
    first, second = store.iterations(writer.claim.run_id)
    # of three candidates two were trained: best 4, mean (1 + 4) / 2
    assert (first.candidates, first.trained, first.best, first.mean) == (3, 2, 4.0, 2.5)
    assert (second.candidates, second.trained, second.best, second.mean) == (0, 0, None, None)
    assert store.get_run(writer.claim.run_id).iteration == 2


def test_the_best_candidate_of_a_run_is_the_fittest_then_the_surest_then_the_first(
    store: Store, writer: Writer
) -> None:
    def best() -> tuple[float | None, str | None]:
        run = store.get_run(writer.claim.run_id)
        return run.best_fitness, run.best_candidate_id

    assert best() == (None, None)
    later = add_trained(writer, 2, 0, fitness=-3.0)
    assert best() == (-3.0, later)
    earlier = add_trained(writer, 1, 0, fitness=-3.0)
    assert best() == (-3.0, earlier)
    surer = add_trained(writer, 2, 1, fitness=-3.0, success_rate=0.5)
    assert best() == (-3.0, surer)
    add_trained(writer, 2, 2, fitness=-4.0)
    assert best() == (-3.0, surer)


def test_an_iteration_begins_once_and_goes_on(store: Store, writer: Writer) -> None:
    run_id = writer.claim.run_id
    writer.start_iteration(1)
    writer.set_iteration_state(1, IterationState.TRAINING)
    writer.start_iteration(1)
    writer.set_iteration_state(1, IterationState.TRAINING)
    assert [one.state for one in store.iterations(run_id)] == [IterationState.TRAINING]
    told = [event.state for event in store.events(run_id) if event.kind is EventKind.ITERATION_STATE]
    assert told == ["designing", "training"]
    with pytest.raises(StateConflict):
        writer.set_iteration_state(1, IterationState.DESIGNING)
    with pytest.raises(NotFound, match="has no iteration 2"):
        writer.set_iteration_state(2, IterationState.DONE)


def test_candidates_are_listed_by_iteration_and_slot_and_by_state(store: Store, writer: Writer) -> None:
    for place in ((2, 0), (1, 10), (1, 9)):
        writer.add_candidate(candidate(writer, *place))
    writer.set_candidate_state(f"{writer.claim.run_id}-1-10", CandidateState.QUEUED)
    found = store.candidates(writer.claim.run_id)
    assert [(one.iteration, one.slot) for one in found] == [(1, 9), (1, 10), (2, 0)]
    assert [one.slot for one in store.candidates(writer.claim.run_id, CandidateState.QUEUED)] == [10]


def test_a_candidate_is_found_only_in_its_own_run(store: Store, writer: Writer) -> None:
    writer.add_candidate(candidate(writer))
    with pytest.raises(NotFound, match="has no candidate 'nowhere'"):
        store.candidate(writer.claim.run_id, "nowhere")
