"""What all runs come to: counted in the database, and never less because a run was deleted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from service.schema import (
    CandidateState,
    Census,
    Fault,
    Measure,
    OrchestratorPresence,
    RayState,
    Run,
    RunState,
    Tally,
    Training,
    TrainingState,
    Usage,
    Verdict,
)
from service.store import Store, Writer, process_owner
from tests.integration.store.test_candidates import POINT, candidate

SEEN_WITHIN = timedelta(seconds=30)


def counted(census: Census) -> dict[tuple[str, str, str], float]:
    return {(one.measure, one.model, one.kind): one.value for one in census.tallies}


def ask(writer: Writer, slot: int, model: str, usage: Usage | None = None) -> None:
    """One completion that is stored with that usage, or stays in flight."""
    intended = writer.intend_completion(1, slot, 0, model, ())
    if usage is not None:
        writer.store_completion(intended.id, "```python\n```", "proposed", (), usage)


def train(writer: Writer, candidate_id: str) -> str:
    """One segment of 1,200 environment steps; the training's id."""
    training = Training(
        id=f"{candidate_id}-s0", run_id=writer.claim.run_id, candidate_id=candidate_id, reward="candidate",
        comparison=False, seed=0, state=TrainingState.QUEUED, segments=2, segments_done=0, curve=(), result=None,
        reason=None,
    )  # fmt: skip
    writer.add_trainings((training,))
    writer.add_segment(training.id, POINT, "key", 1200)
    return training.id


def test_an_empty_database_counts_nothing(store: Store) -> None:
    census = store.census(SEEN_WITHIN)
    nothing = (Tally(measure=Measure.ENVIRONMENT_STEPS, value=0),)
    expected = Census(runs={}, oldest_queued_at=None, candidates={}, in_flight={}, orchestrators={}, tallies=nothing)
    assert census == expected


def test_runs_are_counted_by_state_and_the_queue_is_as_old_as_its_first(
    store: Store, new_run: Callable[..., Run]
) -> None:
    first, second, third = new_run(), new_run(), new_run()
    assert store.claim(process_owner(), 60.0, third.id) is not None
    census = store.census(SEEN_WITHIN)
    assert census.runs == {RunState.QUEUED: 2, RunState.RUNNING: 1}
    assert census.oldest_queued_at == first.created_at
    assert first.created_at <= second.created_at


def test_completions_are_counted_by_model_and_end_with_what_they_cost(store: Store, writer: Writer) -> None:
    writer.start_iteration(1)
    priced = Usage(prompt_tokens=100, completion_tokens=10, usd=0.25, latency_seconds=1.0)
    ask(writer, 0, "openai/a", priced)
    ask(writer, 1, "openai/a", priced)
    ask(writer, 2, "ollama/b", Usage(prompt_tokens=7, completion_tokens=3, usd=None))
    ask(writer, 3, "ollama/b")
    failed = writer.intend_completion(1, 4, 0, "openai/a", ())
    writer.fail_completion(failed.id, "no answer", Usage())
    census = store.census(SEEN_WITHIN)
    assert census.in_flight == {"ollama/b": 1}
    assert counted(census) == {
        ("environment_steps", "", ""): 0,
        ("completions", "openai/a", "stored"): 2,
        ("completions", "openai/a", "failed"): 1,
        ("completions", "ollama/b", "stored"): 1,
        ("tokens", "openai/a", "prompt"): 200,
        ("tokens", "openai/a", "completion"): 20,
        ("tokens", "ollama/b", "prompt"): 7,
        ("tokens", "ollama/b", "completion"): 3,
        ("usd", "openai/a", ""): 0.5,
        ("usd", "ollama/b", ""): 0,
        ("unpriced", "openai/a", ""): 0,
        ("unpriced", "ollama/b", ""): 1,
    }


def test_what_was_paid_is_told_by_day_and_model(store: Store, writer: Writer) -> None:
    writer.start_iteration(1)
    ask(writer, 0, "openai/a", Usage(usd=0.25))
    ask(writer, 1, "openai/a", Usage(usd=0.5))
    ask(writer, 2, "ollama/b", Usage(usd=None))
    days = {one.created_at.astimezone(UTC).date() for one in store.completions(writer.claim.run_id)}
    spent = store.census(SEEN_WITHIN).spending
    assert {one.day for one in spent} == days  # two, if midnight came between
    assert sum(one.usd for one in spent if one.model == "openai/a") == 0.75
    assert sum(one.completions for one in spent) == 3


def test_a_completion_in_flight_when_its_process_died_is_counted_as_lost(
    store: Store, new_run: Callable[..., Run]
) -> None:
    run = new_run()
    claim = store.claim("elsewhere:1:1", 0.0, run.id)
    assert claim is not None
    ask_with = store.writer(claim)
    ask_with.start_iteration(1)
    ask(ask_with, 0, "openai/a")
    assert store.claim(process_owner(), 60.0, run.id) is not None
    assert counted(store.census(SEEN_WITHIN))["completions", "openai/a", "lost"] == 1


def test_faults_are_counted_by_kind_when_they_happen_and_stay_counted_when_they_are_mended(
    store: Store, writer: Writer
) -> None:
    writer.start_iteration(1)
    faults = (
        Fault(code="name.unknown", message="a"),
        Fault(code="name.unknown", message="b"),
        Fault(code="killed", message="c"),
    )
    rejected = candidate(writer, state="rejected", verdict=Verdict(accepted=False, faults=faults), reason="a")
    writer.add_candidate(rejected)
    writer.add_candidate(rejected)  # again, by a process that takes over: it is the same fault
    mended = candidate(writer, source="better", verdict=Verdict(accepted=True))
    writer.add_candidate(mended)
    for state in (CandidateState.QUEUED, CandidateState.TRAINING):
        writer.set_candidate_state(mended.id, state)
    training = train(writer, mended.id)
    writer.fail_training(training, "killed: its process ended")
    writer.fail_training(training, "killed: its process ended")
    census = store.census(SEEN_WITHIN)
    assert census.candidates == {CandidateState.TRAINING: 1}
    found = counted(census)
    assert found["reward_faults", "", "name.unknown"] == 1
    assert found["reward_faults", "", "killed"] == 2


def test_what_a_deleted_run_counted_for_stays_and_what_it_was_goes(store: Store, writer: Writer) -> None:
    writer.start_iteration(1)
    ask(writer, 0, "openai/a", Usage(prompt_tokens=100, completion_tokens=10, usd=0.25))
    fault = Fault(code="timeout", message="slow")
    writer.add_candidate(candidate(writer, slot=1, state="rejected", verdict=Verdict(accepted=False, faults=(fault,))))
    writer.add_candidate(candidate(writer))
    train(writer, f"{writer.claim.run_id}-1-0")
    writer.set_run_state(RunState.COMPLETED)
    before = store.census(SEEN_WITHIN)
    assert counted(before)["environment_steps", "", ""] == 1200
    store.delete(writer.claim.run_id)
    after = store.census(SEEN_WITHIN)
    assert after.tallies == before.tallies
    assert (after.runs, after.candidates) == ({}, {})


def test_counts_of_several_deleted_runs_add_up(store: Store, new_run: Callable[..., Run]) -> None:
    for _ in range(2):
        run = new_run()
        claim = store.claim(process_owner(), 60.0, run.id)
        assert claim is not None
        writer = store.writer(claim)
        writer.start_iteration(1)
        ask(writer, 0, "openai/a", Usage(prompt_tokens=5, completion_tokens=1, usd=0.5))
        writer.set_run_state(RunState.COMPLETED)
        store.delete(run.id)
    assert counted(store.census(SEEN_WITHIN))["usd", "openai/a", ""] == 1.0


def test_orchestrators_count_as_long_as_they_give_signs_of_life(store: Store) -> None:
    at = datetime.now(UTC)
    for owner, seen in (("a:1:1", at), ("b:1:1", at), ("c:1:1", at - timedelta(minutes=5))):
        presence = OrchestratorPresence(
            owner=owner, started_at=at, seen_at=seen, runs=0, runs_at_once=2, ray=RayState.CONNECTED
        )
        store.orchestrators.here(presence)
    assert store.census(SEEN_WITHIN).orchestrators == {RayState.CONNECTED: 2}
