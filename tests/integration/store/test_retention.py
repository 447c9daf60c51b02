from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from service.schema import (
    Extension,
    Fitness,
    PolicyOf,
    Run,
    RunRequest,
    RunState,
    TrainingConfig,
    TrainingState,
)
from service.store import NotFound, Store, Writer, open_store, process_owner
from tests.integration.store.test_candidates import add_trained
from tests.integration.store.test_trainings import RESULT, point, training

AN_HOUR = 3600.0
MORE = Extension(iterations=1)


def later() -> datetime:
    """A moment by which everything that has ended until now is old."""
    return datetime.now(UTC) + timedelta(hours=1)


@pytest.fixture
def trained(writer: Writer) -> str:
    """A run that is worked on with a finished, a failed and two running trainings, each with a checkpoint."""
    candidate_id = add_trained(writer, 1, 0, fitness=1.0)
    of_candidate = {"candidate_id": candidate_id, "reward": "candidate", "comparison": False}
    searched = training(writer, "searched").model_copy(update=of_candidate)
    others = tuple(training(writer, name) for name in ("finished", "failed", "running"))
    writer.add_trainings((*others, searched))
    for one in (*others, searched):
        writer.add_segment(one.id, point(0), f"checkpoint of {one.id}", 1000)
    writer.finish_training(others[0].id, RESULT, f"policy of {others[0].id}", 0)
    writer.fail_training(others[1].id, "NaN")
    return writer.claim.run_id


def names(run_id: str, *of: str, what: str = "checkpoint") -> frozenset[str]:
    return frozenset(f"{what} of {run_id}-{name}" for name in of)


@pytest.mark.parametrize("state", [RunState.QUEUED, RunState.RUNNING, RunState.PAUSED, RunState.AWAITING_FEEDBACK])
def test_what_has_not_ended_is_let_alone_however_old(
    store: Store, writer: Writer, trained: str, state: RunState
) -> None:
    if state is not RunState.RUNNING:
        writer.set_run_state(state)
    before = store.record(trained), writer.checkpoint_key(f"{trained}-failed")
    assert store.retention.ended(later()) == store.retention.deletable(later()) == ()
    assert not store.retention.delete_run(trained, later())
    store.retention.forget_checkpoints(trained, later())
    assert store.retention.named(trained) is None
    with store.retention.at_rest(trained) as named:
        assert named is None
    assert (store.record(trained), writer.checkpoint_key(f"{trained}-failed")) == before


@pytest.mark.parametrize("state", [RunState.COMPLETED, RunState.FAILED, RunState.CANCELLED])
def test_what_has_ended_is_old_once_nothing_was_heard_of_it_since(
    store: Store, writer: Writer, trained: str, state: RunState
) -> None:
    writer.set_run_state(state)
    ended = store.get_run(trained).updated_at
    assert store.retention.ended(ended) == ()
    assert not store.retention.delete_run(trained, ended)
    assert store.retention.ended(later()) == store.retention.deletable(later()) == (trained,)
    assert store.retention.delete_run(trained, later())
    assert not store.retention.delete_run(trained, later())
    with pytest.raises(NotFound):
        store.record(trained)
    unknown = store.retention.named(trained)
    assert unknown is not None
    assert unknown.keys == frozenset()


def test_checkpoints_are_forgotten_where_nothing_goes_on_from_them_by_itself(
    store: Store, writer: Writer, trained: str
) -> None:
    writer.set_run_state(RunState.FAILED)
    record = store.record(trained)
    named = store.retention.named(trained)
    assert named is not None
    # What runs may go on by itself when the run is extended.
    assert named.unneeded == names(trained, "finished", "failed")
    assert named.keys == names(trained, "finished", "failed", "running", "searched") | names(
        trained, "finished", what="policy"
    )
    store.retention.forget_checkpoints(trained, later())
    with store.retention.at_rest(trained) as left:
        assert left is not None
        assert left.keys == names(trained, "running", "searched") | names(trained, "finished", what="policy")
    assert store.record(trained) == record  # figures, curves and states stay


def test_of_a_cancelled_run_no_checkpoint_is_needed(store: Store, writer: Writer, trained: str) -> None:
    writer.set_run_state(RunState.CANCELLED)
    named = store.retention.named(trained)
    assert named is not None
    assert named.unneeded == names(trained, "finished", "failed", "running", "searched")


def test_a_training_whose_checkpoint_was_forgotten_begins_anew_when_it_is_continued(
    store: Store, writer: Writer
) -> None:
    run_id = writer.claim.run_id
    plan = training(writer, "final-human-0")
    writer.add_trainings((plan,))
    writer.add_segment(plan.id, point(0), "checkpoint", 1000)
    writer.prune_comparison("the budget is used up")
    writer.set_run_state(RunState.COMPLETED)
    store.retention.forget_checkpoints(run_id, later())
    claim = store.claim(process_owner(), AN_HOUR, store.extend(run_id, MORE).id)
    assert claim is not None
    again = store.writer(claim)
    again.queue_comparison()
    [queued] = store.trainings(run_id)
    assert (queued.state, queued.segments_done, queued.curve) == (TrainingState.QUEUED, 0, ())
    assert store.events(run_id)[-1].text.endswith("queued again from its beginning, as its checkpoint was not kept")
    assert again.add_segment(plan.id, point(0), "another", 1000)
    assert again.checkpoint_key(plan.id) == "another"


def test_a_run_with_whose_policy_another_begins_is_kept_until_that_has_ended(
    store: Store, writer: Writer, trained: str, new_run: Callable[..., Run]
) -> None:
    writer.set_run_state(RunState.COMPLETED)
    start = PolicyOf(run_id=trained, candidate_id=f"{trained}-1-0")
    request = RunRequest(task="hop", environment="Hopper-v5", training=TrainingConfig(warm_start=start))
    other = store.create_run(request, Fitness(name="distance", score="1.0", success="True"), 100_000)
    assert store.retention.deletable(later()) == ()
    assert not store.retention.delete_run(trained, later())
    store.request_state(other.id, "cancel")
    assert store.retention.deletable(later()) == (trained, other.id)


def test_nobody_takes_a_run_up_while_it_is_held_at_rest(store: Store, writer: Writer, trained: str) -> None:
    writer.set_run_state(RunState.COMPLETED)
    extended = threading.Event()

    def extend() -> None:
        store.extend(trained, MORE)
        extended.set()

    with store.retention.at_rest(trained) as named:
        assert named is not None
        thread = threading.Thread(target=extend)
        thread.start()
        assert not extended.wait(0.3)
    thread.join()
    assert store.get_run(trained).state is RunState.QUEUED


def test_the_room_of_deleted_runs_is_given_back(store: Store, new_run: Callable[..., Run]) -> None:
    # 50 tasks of 4000 characters are 200,000 bytes in each of request, task and first event.
    runs = [store.request_state(new_run("x" * 4000).id, "cancel") for _ in range(50)]
    assert all(store.retention.delete_run(run.id, later()) for run in runs)
    freed = store.retention.give_back()
    assert freed is None or freed > 50 * 4000 * 2
    assert store.list_runs().runs == ()


def test_a_file_that_was_not_made_to_give_back_does_so_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    open_store(f"sqlite:///{path}").close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA auto_vacuum = NONE")
    connection.execute("VACUUM")
    connection.execute("CREATE TABLE of_old (line TEXT)")
    connection.execute("INSERT INTO of_old VALUES (?)", ("x" * 1_000_000,))
    connection.execute("DROP TABLE of_old")
    connection.commit()
    connection.close()
    store = open_store(f"sqlite:///{path}")
    before = path.stat().st_size
    freed = store.retention.give_back()
    assert freed is not None
    assert freed > 900_000  # all but a few pages, which note where the others are
    assert path.stat().st_size <= before - 900_000
    assert store.retention.give_back() == 0
    store.close()
