"""Runs that come in are worked on side by side, take turns, stop within two seconds, and outlive their orchestrator."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from envs.card import card
from service.artifacts import ArtifactStore
from service.llm.loopback import Behaviour, LoopbackServer
from service.orchestrator.dispatcher import Dispatcher
from service.orchestrator.orchestrator import Orchestrator
from service.schema import (
    Budget,
    CandidateState,
    CompletionState,
    EventKind,
    Fitness,
    HalvingConfig,
    Run,
    RunRequest,
    RunState,
    SearchConfig,
    TrainingState,
)
from service.settings import Settings
from service.store import Store, Wish, migrate_store, open_store
from tests.integration.orchestrator.quick import ONE_SEGMENT, QUICK
from tests.postgres import Postgres

LONG = 200_000
ACTS_WITHIN_SECONDS = 2.0
PATIENCE_SECONDS = 200.0


class Place:
    """One database on a PostgreSQL server and the settings of those who share it."""

    def __init__(self, folder: Path, url: str) -> None:
        self.settings = Settings(
            data_folder=folder, database_url=url, training_cores=2, lease_seconds=5.0, runs_at_once=2
        )
        self.store: Store = open_store(url)
        self.artifacts = ArtifactStore(self.settings.artifacts_url)

    def submit(
        self,
        *,
        iterations: int = 1,
        candidates: int = 2,
        steps: int = ONE_SEGMENT,
        designer: str = "offline",
        budget: Budget | None = None,
        halving: HalvingConfig | None = None,
    ) -> str:
        metric = card("Hopper-v5").metrics[0]
        request = RunRequest(
            task="hop forward",
            environment="Hopper-v5",
            designer=designer,
            search=SearchConfig(iterations=iterations, candidates=candidates, seed=1),
            training=QUICK.model_copy(update={"halving": halving}),
            budget=budget or Budget(),
        )
        fitness = Fitness(name=metric.name, score=metric.score, success=metric.success)
        return self.store.create_run(request, fitness, steps).id

    @contextmanager
    def working(self, **settings: object) -> Iterator[threading.Event]:
        """A dispatcher at work; it is told to stop at the end of the block, and waited for."""
        stop = threading.Event()
        known = self.settings.model_copy(update=settings)
        with Orchestrator(known, self.store, self.artifacts, left_as=RunState.QUEUED) as orchestrator:
            dispatcher = Dispatcher(orchestrator, self.store, known.lease_seconds, known.runs_at_once)
            thread = threading.Thread(target=dispatcher.work, args=(stop,))
            thread.start()
            try:
                yield stop
            finally:
                stop.set()
                thread.join(PATIENCE_SECONDS)
            assert not thread.is_alive()

    def until(self, run_id: str, true: Callable[[Run], bool]) -> Run:
        """The run, once something is true of it."""
        until = time.monotonic() + PATIENCE_SECONDS
        while not true(run := self.store.get_run(run_id)):
            assert time.monotonic() < until, f"still {run.state}: {run.reason}"
            time.sleep(0.05)
        return run

    def obeyed(self, run_id: str, wish: Wish, state: RunState) -> float:
        """Seconds until what a user wishes for is the run's state."""
        asked = time.monotonic()
        self.store.request_state(run_id, wish)
        self.until(run_id, lambda run: run.state is state)
        return time.monotonic() - asked

    def trained(self, run_id: str) -> bool:
        """Whether a first segment is stored."""
        return any(training.segments_done for training in self.store.trainings(run_id))


@pytest.fixture
def place(postgres: Postgres, tmp_path: Path) -> Iterator[Place]:
    url = postgres.create("runs")
    migrate_store(url)
    place = Place(tmp_path, url)
    yield place
    place.store.close()


def ended(run: Run) -> bool:
    return run.state.ended


def test_runs_that_wait_are_worked_on_side_by_side_and_take_turns(place: Place) -> None:
    runs = [place.submit(iterations=number, candidates=1) for number in (2, 2, 1)]
    with place.working():
        for run_id in runs:
            assert place.until(run_id, ended).state is RunState.COMPLETED
    gave_way = [event.text for event in place.store.events(runs[0]) if event.state == RunState.QUEUED]
    # Two runs are worked on at a time: one of the first two made room for the third between its iterations.
    gave_way += [event.text for event in place.store.events(runs[1]) if event.state == RunState.QUEUED]
    assert "queued: another run has its turn" in gave_way


def test_a_wish_acts_on_a_training_within_two_seconds_and_what_is_resumed_can_be_cancelled(place: Place) -> None:
    run_id = place.submit(steps=LONG)
    with place.working():
        place.until(run_id, lambda _: place.trained(run_id))
        assert place.obeyed(run_id, "pause", RunState.PAUSED) < ACTS_WITHIN_SECONDS
        done = sum(training.segments_done for training in place.store.trainings(run_id))
        place.store.request_state(run_id, "resume")
        place.until(run_id, lambda _: sum(one.segments_done for one in place.store.trainings(run_id)) > done)
        assert place.obeyed(run_id, "cancel", RunState.CANCELLED) < ACTS_WITHIN_SECONDS
    assert place.store.get_run(run_id).reason == "asked for by a user"


def test_a_wish_acts_while_a_model_does_not_answer_and_what_comes_late_is_stored(place: Place) -> None:
    with LoopbackServer(then=Behaviour.HANG) as server:
        run_id = place.submit(designer="openai/test-model")
        with place.working(model_base_url=server.base_url, model_timeout_seconds=5.0, model_retries=0):
            place.until(run_id, lambda _: len(server.requests) == 2)
            assert place.obeyed(run_id, "pause", RunState.PAUSED) < ACTS_WITHIN_SECONDS
            assert {one.state for one in place.store.completions(run_id)} == {CompletionState.INTENDED}
        place.until(
            run_id, lambda _: {one.state for one in place.store.completions(run_id)} == {CompletionState.FAILED}
        )
    assert place.store.get_run(run_id).state is RunState.PAUSED


def test_a_budget_of_seconds_stops_the_training_and_the_run_says_so(place: Place) -> None:
    run_id = place.submit(steps=LONG, budget=Budget(seconds=8.0), halving=HalvingConfig(eta=2, fewest=1))
    with place.working():
        run = place.until(run_id, ended)
    assert run.state is RunState.FAILED  # nothing had been trained to its end
    assert run.reason is not None
    assert "the budget of 8 s is used up" in run.reason
    # At most two seconds late, and one more until the last heartbeat has counted.
    assert 8.0 <= run.spending.seconds < 8.0 + ACTS_WITHIN_SECONDS + 1.0
    for candidate in place.store.candidates(run_id):
        assert candidate.state is CandidateState.PRUNED
        assert candidate.reason is not None
        assert "the budget of 8 s is used up" in candidate.reason
    assert {one.state for one in place.store.trainings(run_id)} == {TrainingState.PRUNED}


def test_the_runs_of_a_killed_orchestrator_are_taken_over_and_none_is_worked_twice(place: Place) -> None:
    run_id = place.submit(steps=16_800)
    names = {"DATA_FOLDER": place.settings.data_folder, "DATABASE_URL": place.settings.database_url, "LEASE_SECONDS": 5}
    environment = {**os.environ, **{f"REWARDSMITH_{name}": str(value) for name, value in names.items()}}
    command = [str(Path(sys.executable).with_name("rewardsmith")), "orchestrator"]
    with subprocess.Popen(command, env=environment, start_new_session=True) as other:
        place.until(run_id, lambda _: place.trained(run_id))
        with place.working():
            os.killpg(other.pid, signal.SIGKILL)
            killed = time.monotonic()
            place.until(run_id, lambda _: taken_over(place, run_id))
            assert time.monotonic() - killed < 30.0
            assert place.until(run_id, ended).state is RunState.COMPLETED
    assert [event.number for event in place.store.events(run_id)] == list(range(1, len(place.store.events(run_id)) + 1))
    stored = [one.segments_done for one in place.store.trainings(run_id)]
    assert stored == [one.segments for one in place.store.trainings(run_id)]


def taken_over(place: Place, run_id: str) -> bool:
    texts = [event.text for event in place.store.events(run_id) if event.kind is EventKind.LOG]
    return "taken over from an owner that is gone" in texts


def test_a_server_that_is_away_for_a_moment_costs_nothing(tmp_path: Path) -> None:
    with Postgres(tmp_path / "server") as server:
        url = server.create("runs")
        migrate_store(url)
        place = Place(tmp_path, url)
        run_id = place.submit(steps=16_800)
        with place.working():
            place.until(run_id, lambda _: place.trained(run_id))
            server.restart()
            assert place.until(run_id, ended).state is RunState.COMPLETED
        assert place.store.get_run(run_id).spending.completions == 2
        place.store.close()
