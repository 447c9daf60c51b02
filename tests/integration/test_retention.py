"""`prune` over a store and its artifacts, in a folder and in a store of objects (fsspec's own, in memory)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import fsspec
import pytest

from service.artifacts import ArtifactStore, ArtifactUnknown, meshes_key, replay_key
from service.retention import Cuts, carry_out, plan
from service.schema import (
    CurvePoint,
    Extension,
    Fitness,
    RunRequest,
    RunState,
    Training,
    TrainingResult,
    TrainingState,
)
from service.store import NotFound, Store, Writer, open_store, process_owner

FITNESS = Fitness(name="distance", score="x_position[-1]", success="True")
RESULT = TrainingResult(best_segment=0, fitness=1.0, success_rate=0.0, episodes=())
POINT = CurvePoint(
    segment=0, steps=1000, fitness=0.5, success_rate=0.0, episode_length=100.0, terminated_rate=1.0, training_return=None,
    training_length=None, components={}, steps_per_second=5000.0, policy_loss=0.1, value_loss=1.0, entropy=1.0,
    approximate_kl=0.01,
)  # fmt: skip
CHECKPOINT, POLICY = b"c" * 1000, b"p" * 10
NOTHING = Cuts(None, None)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path}/runs.db")
    yield opened
    opened.close()


@pytest.fixture(params=["folder", "objects"])
def artifacts(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ArtifactStore]:
    yield ArtifactStore(str(tmp_path / "artifacts") if request.param == "folder" else "memory://bucket/prefix")
    fsspec.filesystem("memory").store.clear()


@pytest.fixture
def run(store: Store, artifacts: ArtifactStore) -> Callable[[RunState], str]:
    """Makes a run in a state, with one finished training: its checkpoint and its policy."""

    def make(state: RunState) -> str:
        run_id = store.create_run(RunRequest(task="hop", environment="Hopper-v5"), FITNESS, 1000).id
        claim = store.claim(process_owner(), 3600.0, run_id)
        assert claim is not None
        _train(store.writer(claim), artifacts)
        if state is not RunState.RUNNING:
            store.writer(claim).set_run_state(state)
        return run_id

    return make


def _train(writer: Writer, artifacts: ArtifactStore) -> None:
    run_id = writer.claim.run_id
    training = Training(
        id=f"{run_id}-final-human-0", run_id=run_id, candidate_id=None, reward="human", comparison=True, seed=0,
        state=TrainingState.QUEUED, segments=1, segments_done=0, curve=(), result=None, reason=None,
    )  # fmt: skip
    writer.add_trainings((training,))
    artifacts.put(checkpoint(run_id), CHECKPOINT)
    writer.add_segment(training.id, POINT, checkpoint(run_id), 1000)
    artifacts.put(policy(run_id), POLICY)
    writer.finish_training(training.id, RESULT, policy(run_id), 0)


def checkpoint(run_id: str) -> str:
    return f"runs/{run_id}/trainings/{run_id}-final-human-0/checkpoints/000/state.safetensors"


def policy(run_id: str) -> str:
    return f"runs/{run_id}/trainings/{run_id}-final-human-0/policy.safetensors"


def keys(artifacts: ArtifactStore) -> set[str]:
    return {one.key for one in artifacts.list("runs")}


def in_days(days: float) -> datetime:
    return datetime.now(UTC) + timedelta(days=days)


def test_nothing_goes_unless_it_is_asked_for(
    store: Store, artifacts: ArtifactStore, run: Callable[[RunState], str]
) -> None:
    run_id = run(RunState.COMPLETED)
    pruned = carry_out(plan(store, artifacts, NOTHING, in_days(400)), store, artifacts, NOTHING)
    assert (pruned.runs, pruned.files, pruned.artifact_bytes) == ((), 0, 0)
    assert keys(artifacts) == {checkpoint(run_id), policy(run_id)}


@pytest.mark.parametrize("state", [RunState.COMPLETED, RunState.FAILED, RunState.CANCELLED])
def test_checkpoints_of_old_runs_go_and_their_policies_stay(
    store: Store, artifacts: ArtifactStore, run: Callable[[RunState], str], state: RunState
) -> None:
    run_id = run(state)
    cuts = Cuts(checkpoints=in_days(1), runs=None)
    planned = plan(store, artifacts, cuts, in_days(1))
    assert keys(artifacts) == {checkpoint(run_id), policy(run_id)}  # a plan deletes nothing
    pruned = carry_out(planned, store, artifacts, cuts)
    assert (pruned.runs, pruned.files, pruned.artifact_bytes) == ((), 1, len(CHECKPOINT))
    assert keys(artifacts) == {policy(run_id)}
    assert carry_out(plan(store, artifacts, cuts, in_days(1)), store, artifacts, cuts).files == 0


@pytest.mark.parametrize("state", [RunState.RUNNING, RunState.QUEUED, RunState.PAUSED, RunState.AWAITING_FEEDBACK])
def test_a_run_that_may_go_on_keeps_all_even_what_no_row_names(
    store: Store, artifacts: ArtifactStore, run: Callable[[RunState], str], state: RunState
) -> None:
    run_id = run(state)
    artifacts.put(f"runs/{run_id}/trainings/next/policy.safetensors", POLICY)
    before = keys(artifacts)
    cuts = Cuts(in_days(400), in_days(400))
    assert carry_out(plan(store, artifacts, cuts, in_days(400)), store, artifacts, cuts).files == 0
    assert keys(artifacts) == before


def test_whole_runs_go_with_all_their_files_and_only_those_that_are_old(
    store: Store, artifacts: ArtifactStore, run: Callable[[RunState], str]
) -> None:
    old = run(RunState.COMPLETED)
    cut = datetime.now(UTC)
    new = run(RunState.COMPLETED)
    cuts = Cuts(None, cut)
    pruned = carry_out(plan(store, artifacts, cuts, in_days(0)), store, artifacts, cuts)
    assert (pruned.runs, pruned.files, pruned.artifact_bytes) == ((old,), 2, len(CHECKPOINT) + len(POLICY))
    assert keys(artifacts) == {checkpoint(new), policy(new)}
    with pytest.raises(NotFound):
        store.get_run(old)
    assert store.get_run(new).state is RunState.COMPLETED


def test_what_crashes_left_goes_after_a_day(
    store: Store, artifacts: ArtifactStore, run: Callable[[RunState], str]
) -> None:
    run_id = run(RunState.COMPLETED)
    left = [f"runs/{run_id}/trainings/{run_id}-final-human-0/checkpoints/001/state.safetensors", "runs/r-gone/policy"]
    for key in left:
        artifacts.put(key, POLICY)
    artifacts.put("elsewhere/policy", POLICY)
    assert carry_out(plan(store, artifacts, NOTHING, in_days(0.99)), store, artifacts, NOTHING).files == 0
    assert carry_out(plan(store, artifacts, NOTHING, in_days(1.01)), store, artifacts, NOTHING).files == 2
    assert keys(artifacts) == {checkpoint(run_id), policy(run_id)}
    assert artifacts.get("elsewhere/policy") == POLICY


def test_replays_stay_as_long_as_the_policies_that_they_show_and_meshes_for_good(
    store: Store, artifacts: ArtifactStore, run: Callable[[RunState], str]
) -> None:
    run_id = run(RunState.COMPLETED)
    replay = replay_key(run_id, f"{run_id}-final-human-0")
    for key in (replay, replay_key(run_id, f"{run_id}-final-human-1"), meshes_key("0" * 64)):
        artifacts.put(key, POLICY)
    cuts = Cuts(checkpoints=in_days(400), runs=None)
    carry_out(plan(store, artifacts, cuts, in_days(400)), store, artifacts, cuts)
    assert keys(artifacts) == {policy(run_id), replay}
    cuts = Cuts(None, in_days(400))
    assert carry_out(plan(store, artifacts, cuts, in_days(400)), store, artifacts, cuts).runs == (run_id,)
    assert keys(artifacts) == set()
    assert artifacts.get(meshes_key("0" * 64)) == POLICY


def test_killed_between_rows_and_files_the_next_one_finds_what_is_left(
    store: Store, artifacts: ArtifactStore, run: Callable[[RunState], str]
) -> None:
    shorn, gone = run(RunState.COMPLETED), run(RunState.COMPLETED)
    store.retention.forget_checkpoints(shorn, in_days(1))
    assert store.retention.delete_run(gone, in_days(1))
    assert carry_out(plan(store, artifacts, NOTHING, in_days(2)), store, artifacts, NOTHING).files == 1 + 2
    assert keys(artifacts) == {policy(shorn)}


def test_what_was_taken_up_again_since_it_was_planned_stays(
    store: Store, artifacts: ArtifactStore, run: Callable[[RunState], str]
) -> None:
    run_id = run(RunState.COMPLETED)
    cuts = Cuts(in_days(1), in_days(1))
    for planned in (
        plan(store, artifacts, cuts, in_days(1)),
        plan(store, artifacts, Cuts(in_days(1), None), in_days(1)),
    ):
        if store.get_run(run_id).state is RunState.COMPLETED:
            store.extend(run_id, Extension(iterations=1))
        assert carry_out(planned, store, artifacts, cuts).files == 0
    assert keys(artifacts) == {checkpoint(run_id), policy(run_id)}


def test_parts_that_a_crash_left_and_empty_folders_go_too(store: Store, tmp_path: Path) -> None:
    artifacts = ArtifactStore(str(tmp_path / "artifacts"))
    part = tmp_path / "artifacts" / "runs" / "r-gone" / ".policy.0123abcd"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"half")
    two_days_ago = datetime.now(UTC).timestamp() - 2 * 86_400
    os.utime(part, (two_days_ago, two_days_ago))
    pruned = carry_out(plan(store, artifacts, NOTHING, in_days(0)), store, artifacts, NOTHING)
    assert (pruned.files, pruned.artifact_bytes) == (1, 4)
    assert list(tmp_path.glob("artifacts/*")) == []
    with pytest.raises(ArtifactUnknown):
        artifacts.get("runs/r-gone/policy")
