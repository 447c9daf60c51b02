from collections.abc import Callable

import pytest

from service.schema import (
    Budget,
    Extension,
    Message,
    PolicyOf,
    Run,
    RunRequest,
    RunState,
    Training,
    TrainingConfig,
    TrainingState,
    Usage,
)
from service.store import NotFound, StateConflict, Store, Writer, process_owner
from tests.integration.store.conftest import FITNESS
from tests.integration.store.test_candidates import POINT, add_trained

MORE = Extension(iterations=2, budget=Budget(usd=3.0))


def test_an_extended_run_has_more_iterations_and_the_new_budget(store: Store, new_run: Callable[..., Run]) -> None:
    run = store.extend(new_run().id, MORE)
    assert run.request.search.iterations == 3 + 2
    assert run.request.budget == Budget(usd=3.0)
    assert store.get_run(run.id) == run
    assert store.extend(run.id, Extension(iterations=1)).request.budget == Budget(usd=3.0)  # stays
    texts = [event.text for event in store.events(run.id)]
    assert texts[1:] == [
        "extended to 5 iterations; the budget is 3.0 usd now",
        "extended to 6 iterations",
    ]


@pytest.mark.parametrize("state", [RunState.COMPLETED, RunState.FAILED])
def test_a_run_that_had_ended_is_queued_for_more(store: Store, writer: Writer, state: RunState) -> None:
    writer.set_run_state(state)
    assert store.extend(writer.claim.run_id, MORE).state is RunState.QUEUED


def test_what_is_extended_has_its_fruitless_iterations_excused(store: Store, writer: Writer) -> None:
    writer.start_iteration(1)
    writer.set_run_state(RunState.FAILED, "every candidate of iteration 1 was refused for one reason: syntax")
    assert store.extend(writer.claim.run_id, MORE).excused_iterations == 1


def test_a_paused_run_stays_paused_until_it_is_resumed(store: Store, writer: Writer) -> None:
    writer.set_run_state(RunState.PAUSED)
    assert store.extend(writer.claim.run_id, MORE).state is RunState.PAUSED


def test_the_owner_of_a_run_hears_of_its_new_budget(store: Store, writer: Writer) -> None:
    assert store.extend(writer.claim.run_id, MORE).state is RunState.RUNNING
    assert store.heartbeat(writer.claim, 3600.0).budget == Budget(usd=3.0)


def test_a_cancelled_run_cannot_be_extended(store: Store, new_run: Callable[..., Run]) -> None:
    run = new_run()
    store.request_state(run.id, "cancel")
    with pytest.raises(StateConflict, match=f"run {run.id} is cancelled: it cannot be extended"):
        store.extend(run.id, MORE)


def test_a_run_has_no_more_than_a_hundred_iterations(store: Store, new_run: Callable[..., Run]) -> None:
    run_id = new_run().id
    with pytest.raises(StateConflict, match="may have 100 iterations: this one has 3, and 98 more make 101"):
        store.extend(run_id, Extension(iterations=98))
    assert store.get_run(run_id).request.search.iterations == 3


def test_a_deleted_run_is_gone_with_all_its_parts_and_the_others_stay(
    store: Store, writer: Writer, new_run: Callable[..., Run]
) -> None:
    run_id, other = writer.claim.run_id, new_run()
    writer.start_iteration(1)
    candidate_id = add_trained(writer, 1, 0, fitness=1.0)
    completion = writer.intend_completion(1, 0, 0, "m", (Message(role="user", content="hop"),))
    writer.store_completion(completion.id, "reply", "proposed", (), Usage())
    training = Training(
        id=f"{candidate_id}-s0", run_id=run_id, candidate_id=candidate_id, reward="candidate", comparison=False, seed=0,
        state=TrainingState.QUEUED, segments=2, segments_done=0, curve=(), result=None, reason=None,
    )  # fmt: skip
    writer.add_trainings((training,))
    writer.add_segment(training.id, POINT, "key", 1000)
    writer.set_run_state(RunState.COMPLETED)
    store.delete(run_id)
    with pytest.raises(NotFound):
        store.record(run_id)
    with pytest.raises(NotFound):
        store.delete(run_id)
    assert store.get_run(other.id) == other


def test_a_run_with_whose_policy_another_begins_cannot_be_deleted_until_that_has_ended(
    store: Store, writer: Writer
) -> None:
    run_id = writer.claim.run_id
    writer.set_run_state(RunState.COMPLETED)
    start = PolicyOf(run_id=run_id, candidate_id=f"{run_id}-1-0")
    request = RunRequest(task="hop", environment="Hopper-v5", training=TrainingConfig(warm_start=start))
    other = store.create_run(request, FITNESS, 100_000)
    store.request_state(other.id, "pause")
    with pytest.raises(StateConflict, match=f"run {other.id} begins with a policy of run {run_id}: let it end, or"):
        store.delete(run_id)
    store.request_state(other.id, "cancel")
    store.delete(run_id)
    assert [run.id for run in store.list_runs().runs] == [other.id]


def test_a_run_that_is_worked_on_cannot_be_deleted(store: Store, new_run: Callable[..., Run]) -> None:
    claim = store.claim(process_owner(), 3600.0, new_run().id)
    assert claim is not None
    with pytest.raises(StateConflict, match="only one that nobody works on can be deleted; cancel it first"):
        store.delete(claim.run_id)
    assert store.get_run(claim.run_id).state is RunState.RUNNING
