import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from service.schema import (
    Candidate,
    CandidateState,
    Completion,
    CompletionState,
    EventKind,
    Extension,
    IterationState,
    Message,
    Run,
    RunState,
    TrainingResult,
    Usage,
)
from service.store import Claim, LeaseLost, NotFound, StateConflict, Store, Writer, process_owner

AN_HOUR = 3600.0
ELSEWHERE = "another-host/0/0:1:1"
CLAIM_AND_WAIT = """
import sys
from service.schema import Message
from service.store import open_store, process_owner
store = open_store(sys.argv[1])
claim = store.claim(process_owner(), 3600.0)
store.writer(claim).intend_completion(1, 0, 0, "openai/some-model", (Message(role="user", content="hop"),))
print("claimed", flush=True)
sys.stdin.read()
"""
MESSAGES = (Message(role="user", content="hop"),)


def claim(store: Store, lease_seconds: float = AN_HOUR, run_id: str | None = None) -> Claim:
    found = store.claim(ELSEWHERE, lease_seconds, run_id)
    assert found is not None
    return found


def test_the_oldest_queued_run_is_claimed_first_and_each_only_once(store: Store, new_run: Callable[..., Run]) -> None:
    first, second = new_run(), new_run()
    assert claim(store) == Claim(first.id, ELSEWHERE, 1)
    assert claim(store) == Claim(second.id, ELSEWHERE, 1)
    assert store.claim(ELSEWHERE, AN_HOUR) is None
    assert store.get_run(first.id).state is RunState.RUNNING


def test_claimers_that_ask_at_once_share_the_runs_and_get_none_twice(store: Store, new_run: Callable[..., Run]) -> None:
    runs = {new_run().id for _ in range(6)}
    with ThreadPoolExecutor(8) as claimers:
        claims = list(claimers.map(lambda n: store.claim(f"another-host/0/0:{n}:1", AN_HOUR), range(8)))
    assert sorted(found.run_id for found in claims if found is not None) == sorted(runs)


def test_a_run_that_is_queued_again_waits_behind_the_others(store: Store, new_run: Callable[..., Run]) -> None:
    first, second = new_run(), new_run()
    store.writer(claim(store)).set_run_state(RunState.QUEUED, "another run has its turn")
    assert store.waiting()
    assert [claim(store).run_id, claim(store).run_id] == [second.id, first.id]
    assert not store.waiting()


def test_a_run_can_be_claimed_by_name(store: Store, new_run: Callable[..., Run]) -> None:
    new_run()
    second = new_run()
    assert claim(store, run_id=second.id).run_id == second.id
    assert store.claim(ELSEWHERE, AN_HOUR, second.id) is None
    assert store.claim(ELSEWHERE, AN_HOUR, "r-nowhere") is None


def test_a_run_whose_owner_lives_is_not_taken_over(store: Store, new_run: Callable[..., Run]) -> None:
    new_run()
    assert store.claim(process_owner(), AN_HOUR) is not None
    assert store.claim(ELSEWHERE, AN_HOUR) is None


def test_a_run_whose_lease_ran_out_is_taken_over_with_a_higher_token(store: Store, new_run: Callable[..., Run]) -> None:
    new_run()
    assert claim(store, lease_seconds=0.0).token == 1
    assert claim(store).token == 2
    assert store.claim(ELSEWHERE, AN_HOUR) is None


def test_a_heartbeat_prolongs_the_lease(store: Store, new_run: Callable[..., Run]) -> None:
    new_run()
    mine = claim(store, lease_seconds=0.0)
    assert store.heartbeat(mine, AN_HOUR).wanted is None
    assert store.claim(ELSEWHERE, AN_HOUR) is None


def test_a_killed_owner_on_this_host_is_replaced_before_its_lease_runs_out(
    store: Store, new_run: Callable[..., Run], database_url: str
) -> None:
    run = new_run()
    with subprocess.Popen([sys.executable, "-c", CLAIM_AND_WAIT, database_url], stdin=-1, stdout=-1) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"claimed\n"
        assert store.claim(ELSEWHERE, AN_HOUR) is None
        worker.kill()
        os.waitid(os.P_PID, worker.pid, os.WEXITED | os.WNOWAIT)
        assert claim(store) == Claim(run.id, ELSEWHERE, 2, taken_over=True)
    [completion] = store.completions(run.id)
    assert completion.state is CompletionState.LOST
    assert store.get_run(run.id).spending.completions_possibly_paid == 1
    assert store.get_run(run.id).spending.completions == 0
    assert [event.number for event in store.events(run.id)] == [1, 2, 3, 4, 5]


def test_a_completion_lost_to_a_takeover_is_counted_once(store: Store, new_run: Callable[..., Run]) -> None:
    run = new_run()
    store.writer(claim(store, lease_seconds=0.0)).intend_completion(1, 0, 0, "m", MESSAGES)
    claim(store, lease_seconds=0.0)
    claim(store)
    assert store.get_run(run.id).spending.completions_possibly_paid == 1


def nothing_more(candidate: Candidate, completion: Completion) -> list[Callable[[Writer], object]]:
    """One call of every method that writes."""
    return [
        lambda w: w.set_run_state(RunState.COMPLETED),
        lambda w: w.start_iteration(2),
        lambda w: w.set_iteration_state(1, IterationState.DONE),
        lambda w: w.intend_completion(1, 1, 0, "m", MESSAGES),
        lambda w: w.store_completion(completion.id, "reply", "proposed", (), Usage()),
        lambda w: w.fail_completion(completion.id, "no", Usage()),
        lambda w: w.add_candidate(candidate.model_copy(update={"source": "other"})),
        lambda w: w.set_candidate_state(candidate.id, CandidateState.QUEUED),
        lambda w: w.add_trainings(()),
        lambda w: w.finish_training(
            "t", TrainingResult(best_segment=0, fitness=0, success_rate=0, episodes=()), "k", 1
        ),
        lambda w: w.fail_training("t", "no"),
        lambda w: w.log("still here"),
    ]


def test_a_writer_whose_run_was_taken_over_loses_its_lease_and_writes_nothing(
    store: Store, new_run: Callable[..., Run]
) -> None:
    run = new_run()
    mine = claim(store, lease_seconds=0.0)
    old = store.writer(mine)
    old.start_iteration(1)
    candidate = Candidate.model_validate(
        {
            "id": f"{run.id}-1-0",
            "run_id": run.id,
            "iteration": 1,
            "slot": 0,
            "state": "proposed",
            "source": "pass",
            "origin": "proposed",
            "created_at": run.created_at,
        }
    )
    old.add_candidate(candidate)
    completion = old.intend_completion(1, 0, 0, "m", MESSAGES)
    claim(store)
    before, events = store.record(run.id), store.events(run.id)
    for write in nothing_more(candidate, completion):
        with pytest.raises(LeaseLost, match=f"run {run.id}: fencing token 1 .* is out of date, the run has token 2"):
            write(old)
    with pytest.raises(LeaseLost):
        store.heartbeat(mine, AN_HOUR)
    assert store.record(run.id) == before
    assert store.events(run.id) == events


def test_a_run_that_left_running_is_nobodys(store: Store, writer: Writer) -> None:
    writer.set_run_state(RunState.PAUSED, "the model cannot be reached")
    run = store.get_run(writer.claim.run_id)
    assert (run.state, run.reason) == (RunState.PAUSED, "the model cannot be reached")
    with pytest.raises(LeaseLost, match="is paused and no longer worked on"):
        writer.log("one more thing")
    with pytest.raises(LeaseLost):
        store.heartbeat(writer.claim, AN_HOUR)
    assert store.claim(ELSEWHERE, AN_HOUR) is None


def test_a_reply_that_comes_after_the_run_was_left_is_stored_since_it_was_paid_for(
    store: Store, writer: Writer
) -> None:
    late, silent = (writer.intend_completion(1, slot, 0, "m", MESSAGES) for slot in (0, 1))
    writer.set_run_state(RunState.PAUSED, "pause was asked for")
    writer.store_completion(late.id, "reply", "proposed", (), Usage(usd=0.5))
    writer.fail_completion(silent.id, "no answer", Usage())
    states = [completion.state for completion in store.completions(writer.claim.run_id)]
    assert states == [CompletionState.STORED, CompletionState.FAILED]
    assert store.get_run(writer.claim.run_id).spending.usd == 0.5


def test_a_reply_that_comes_when_another_has_the_run_is_lost_and_possibly_paid(store: Store, writer: Writer) -> None:
    late = writer.intend_completion(1, 0, 0, "m", MESSAGES)
    writer.set_run_state(RunState.QUEUED)
    claim(store)
    with pytest.raises(LeaseLost):
        writer.store_completion(late.id, "reply", "proposed", (), Usage())
    assert store.get_run(writer.claim.run_id).spending.completions_possibly_paid == 1


def test_what_a_user_resumes_has_its_barren_iterations_excused(store: Store, writer: Writer) -> None:
    for number in (1, 2, 3):
        writer.start_iteration(number)
    writer.set_run_state(RunState.PAUSED, "three in a row")
    assert store.request_state(writer.claim.run_id, "resume").excused_iterations == 3


def test_a_resumed_run_is_queued_without_its_reason_and_can_be_claimed(store: Store, writer: Writer) -> None:
    writer.set_run_state(RunState.PAUSED, "the model cannot be reached")
    run = store.request_state(writer.claim.run_id, "resume")
    assert (run.state, run.reason) == (RunState.QUEUED, None)
    assert claim(store).token > writer.claim.token


@pytest.mark.parametrize(("wish", "state"), [("pause", RunState.PAUSED), ("cancel", RunState.CANCELLED)])
def test_what_is_wished_for_a_queued_run_happens_at_once(
    store: Store, new_run: Callable[..., Run], wish: str, state: RunState
) -> None:
    run = store.request_state(new_run().id, wish)
    assert (run.state, run.reason) == (state, f"{wish} was asked for")
    assert store.claim(ELSEWHERE, AN_HOUR) is None


@pytest.mark.parametrize(("wish", "state"), [("pause", RunState.PAUSED), ("cancel", RunState.CANCELLED)])
def test_the_owner_of_a_running_run_hears_of_a_wish_at_its_next_heartbeat(
    store: Store, writer: Writer, wish: str, state: RunState
) -> None:
    assert store.heartbeat(writer.claim, AN_HOUR).wanted is None
    assert store.request_state(writer.claim.run_id, wish).state is RunState.RUNNING
    store.request_state(writer.claim.run_id, wish)
    assert store.heartbeat(writer.claim, AN_HOUR).wanted is state
    told = [event for event in store.events(writer.claim.run_id) if event.kind is EventKind.LOG]
    assert [event.text for event in told] == [f"{wish} was asked for"]
    writer.set_run_state(state)
    assert store.get_run(writer.claim.run_id).state is state


@pytest.mark.parametrize("left", [RunState.QUEUED, RunState.PAUSED, RunState.AWAITING_FEEDBACK])
def test_a_wish_that_comes_as_the_run_is_left_is_obeyed(store: Store, writer: Writer, left: RunState) -> None:
    store.request_state(writer.claim.run_id, "cancel")
    writer.set_run_state(left, "another run has its turn")
    run = store.get_run(writer.claim.run_id)
    assert (run.state, run.reason) == (RunState.CANCELLED, "asked for by a user")


def test_a_wish_that_comes_as_the_run_ends_comes_too_late(store: Store, writer: Writer) -> None:
    store.request_state(writer.claim.run_id, "pause")
    writer.set_run_state(RunState.COMPLETED)
    assert store.get_run(writer.claim.run_id).state is RunState.COMPLETED


def test_a_run_that_gets_more_to_do_after_its_end_was_decided_is_queued_for_it(store: Store, writer: Writer) -> None:
    seen = store.record(writer.claim.run_id).last_event
    store.extend(writer.claim.run_id, Extension(iterations=1))
    writer.set_run_state(RunState.COMPLETED, seen=seen)
    run = store.get_run(writer.claim.run_id)
    assert (run.state, run.reason) == (RunState.QUEUED, "more was asked for as it was about to end")


def test_a_wish_that_comes_after_the_end_was_decided_is_obeyed(store: Store, writer: Writer) -> None:
    seen = store.record(writer.claim.run_id).last_event
    store.request_state(writer.claim.run_id, "cancel")
    writer.set_run_state(RunState.COMPLETED, seen=seen)
    assert store.get_run(writer.claim.run_id).state is RunState.CANCELLED


def test_a_run_ends_where_nothing_came_after_that_was_decided(store: Store, writer: Writer) -> None:
    writer.set_run_state(RunState.COMPLETED, seen=store.record(writer.claim.run_id).last_event)
    assert store.get_run(writer.claim.run_id).state is RunState.COMPLETED


def test_a_wish_to_pause_can_be_taken_back(store: Store, writer: Writer) -> None:
    store.request_state(writer.claim.run_id, "pause")
    store.request_state(writer.claim.run_id, "resume")
    assert store.heartbeat(writer.claim, AN_HOUR).wanted is None


def test_a_wish_to_cancel_cannot_be_taken_back(store: Store, writer: Writer) -> None:
    store.request_state(writer.claim.run_id, "cancel")
    for wish in ("pause", "resume"):
        with pytest.raises(StateConflict, match=f"is being cancelled: it cannot {wish}; allowed here: cancel"):
            store.request_state(writer.claim.run_id, wish)
    assert store.heartbeat(writer.claim, AN_HOUR).wanted is RunState.CANCELLED


def test_what_is_wished_for_a_run_that_nobody_works_on_happens_at_once_and_fences_its_last_owner(
    store: Store, new_run: Callable[..., Run]
) -> None:
    new_run()
    gone = claim(store, lease_seconds=0.0)
    assert store.request_state(gone.run_id, "cancel").state is RunState.CANCELLED
    with pytest.raises(LeaseLost):
        store.heartbeat(gone, AN_HOUR)


def test_a_refused_wish_names_the_state_and_what_is_allowed(store: Store, new_run: Callable[..., Run]) -> None:
    run = new_run()
    with pytest.raises(StateConflict, match=f"run {run.id} is queued: it cannot resume; allowed here: pause, cancel"):
        store.request_state(run.id, "resume")
    with pytest.raises(NotFound):
        store.request_state("r-nowhere", "pause")
