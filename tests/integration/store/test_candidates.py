from datetime import UTC, datetime

import pytest

from service.schema import (
    Candidate,
    CandidateState,
    Comparison,
    CurvePoint,
    EventKind,
    Fault,
    Finding,
    Interval,
    IterationState,
    RunState,
    Severity,
    Training,
    TrainingState,
    Verdict,
)
from service.store import NotFound, StateConflict, Store, Writer, process_owner

REASON = "stopped after 1 of 2 segments"
POINT = CurvePoint(
    segment=0, steps=1000, fitness=0.5, fitness_error=0.1, success_rate=0.0, episode_length=100.0, terminated_rate=1.0,
    training_return=None, training_length=None, components={}, steps_per_second=5000.0, policy_loss=0.1, value_loss=1.0,
    entropy=1.0, approximate_kl=0.01,
)  # fmt: skip
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


def pruned(writer: Writer, slot: int = 0) -> tuple[Candidate, Training]:
    """A candidate that was stopped after its first segment, and its training."""
    proposed = candidate(writer, slot=slot)
    writer.add_candidate(proposed)
    training = Training(
        id=f"{proposed.id}-s0",
        run_id=proposed.run_id,
        candidate_id=proposed.id,
        reward="candidate",
        comparison=False,
        seed=0,
        warm_start="r-other-1-0-s0",
        state=TrainingState.QUEUED,
        segments=2,
        segments_done=0,
        curve=(),
        result=None,
        reason=None,
    )
    writer.add_trainings((training,))
    for state in (CandidateState.QUEUED, CandidateState.TRAINING):
        writer.set_candidate_state(proposed.id, state)
    writer.add_segment(training.id, POINT, "checkpoints/0", 1000)
    for _ in range(2):
        writer.prune_candidate(proposed.id, REASON, (FINDING,))
    return proposed, training


def test_a_pruned_candidate_says_why_and_keeps_curve_and_checkpoint(store: Store, writer: Writer) -> None:
    proposed, training = pruned(writer)
    stored = store.candidate(writer.claim.run_id, proposed.id)
    assert (stored.state, stored.reason, stored.findings) == (CandidateState.PRUNED, REASON, (FINDING,))
    assert stored.fitness is None
    [kept] = store.trainings(writer.claim.run_id)
    assert (kept.state, kept.reason, kept.curve) == (TrainingState.PRUNED, REASON, (POINT,))
    assert kept.warm_start == "r-other-1-0-s0"
    assert writer.checkpoint_key(training.id) == "checkpoints/0"
    told = [(event.kind, event.state) for event in store.events(writer.claim.run_id) if event.state == "pruned"]
    assert told == [
        (EventKind.CANDIDATE_STATE, "pruned"),
        (EventKind.FINDINGS, "pruned"),
        (EventKind.TRAINING_STATE, "pruned"),
    ]


def test_a_pruned_candidate_that_is_continued_goes_on_from_its_checkpoint(store: Store, writer: Writer) -> None:
    proposed, training = pruned(writer)
    assert store.continue_candidate(writer.claim.run_id, proposed.id).state is RunState.RUNNING  # its owner goes on
    stored = store.candidate(writer.claim.run_id, proposed.id)
    assert (stored.state, stored.reason, stored.continued) == (CandidateState.QUEUED, None, True)
    [kept] = store.trainings(writer.claim.run_id)
    assert (kept.state, kept.segments_done, kept.reason) == (TrainingState.QUEUED, 1, None)
    assert writer.checkpoint_key(training.id) == "checkpoints/0"
    assert writer.add_segment(training.id, POINT.model_copy(update={"segment": 1}), "checkpoints/1", 1000)
    assert store.trainings(writer.claim.run_id)[0].state is TrainingState.RUNNING


@pytest.mark.parametrize("state", [RunState.PAUSED, RunState.AWAITING_FEEDBACK, RunState.COMPLETED, RunState.FAILED])
def test_a_run_is_worked_on_again_for_a_candidate_that_is_continued(
    store: Store, writer: Writer, state: RunState
) -> None:
    proposed, _ = pruned(writer)
    writer.set_run_state(state, "for a reason")
    run = store.continue_candidate(writer.claim.run_id, proposed.id)
    assert (run.state, run.reason) == (RunState.QUEUED, None)
    assert store.claim(process_owner(), 60.0, run.id) is not None


def test_nothing_of_a_cancelled_run_is_continued(store: Store, writer: Writer) -> None:
    proposed, _ = pruned(writer)
    store.request_state(writer.claim.run_id, "cancel")
    with pytest.raises(StateConflict, match="is cancelled: none of its candidates can be continued"):
        store.continue_candidate(writer.claim.run_id, proposed.id)
    writer.set_run_state(RunState.CANCELLED)
    with pytest.raises(StateConflict, match="is cancelled: none of its candidates can be continued"):
        store.continue_candidate(writer.claim.run_id, proposed.id)


def test_only_a_pruned_candidate_can_be_continued(store: Store, writer: Writer) -> None:
    trained = add_trained(writer, 1, 0, 1.0)
    before = store.events(writer.claim.run_id)
    with pytest.raises(StateConflict, match="is trained: only one that is pruned can be continued"):
        store.continue_candidate(writer.claim.run_id, trained)
    with pytest.raises(NotFound):
        store.continue_candidate(writer.claim.run_id, "r-nowhere-1-0")
    assert store.events(writer.claim.run_id) == before


def test_a_comparison_is_dropped_when_another_candidate_becomes_the_best(store: Store, writer: Writer) -> None:
    first = add_trained(writer, 1, 0, 1.0)
    comparison = Comparison(winner_id=first, rewards=(), human_normalised=None, steps=1000)
    writer.set_comparison(comparison)
    add_trained(writer, 1, 1, 0.5)
    assert store.get_run(writer.claim.run_id).comparison == comparison
    better = add_trained(writer, 1, 2, 2.0)
    run = store.get_run(writer.claim.run_id)
    assert (run.best_candidate_id, run.comparison) == (better, None)


def test_the_interval_over_seeds_is_kept(store: Store, writer: Writer) -> None:
    interval = Interval(mean=1.0, low=0.5, high=1.5)
    trained = add_trained(writer, 1, 0, 1.0)
    writer.set_candidate_state(trained, CandidateState.TRAINED, fitness_interval=interval)
    assert store.candidate(writer.claim.run_id, trained).fitness_interval == interval


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


def test_a_run_in_a_list_tells_the_best_fitness_of_each_iteration(store: Store, writer: Writer) -> None:
    assert store.list_runs().runs[0].bests == ()
    add_trained(writer, 3, 0, fitness=2.0)
    assert store.list_runs().runs[0].bests == (None, None, 2.0)
    add_trained(writer, 1, 0, fitness=-1.0)
    add_trained(writer, 3, 1, fitness=3.0)
    assert store.list_runs().runs[0].bests == (-1.0, None, 3.0)


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
