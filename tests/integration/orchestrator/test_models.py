"""A run whose rewards a language model writes, over HTTP, faults included: what is repaired, what is rejected, what is paid."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from envs.card import card
from service.artifacts import ArtifactStore
from service.llm.loopback import Behaviour, LoopbackServer
from service.orchestrator.orchestrator import Orchestrator
from service.schema import (
    Budget,
    CandidateState,
    CompletionState,
    Fitness,
    Run,
    RunRequest,
    RunState,
    SearchConfig,
)
from service.settings import Settings
from service.store.store import Store, open_store
from tests.integration.orchestrator.quick import ONE_SEGMENT, QUICK


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(f"sqlite:///{tmp_path}/rewardsmith.db")
    yield store
    store.close()


def work(store: Store, folder: Path, base_url: str, candidates: int, budget: Budget | None = None) -> Run:
    """Works on a new run of one iteration to its end; one request at a time, so that the server's script is in order."""
    metric = card("Hopper-v5").metrics[0]
    request = RunRequest(
        task="hop forward",
        environment="Hopper-v5",
        designer="openai/test-model",
        search=SearchConfig(iterations=1, candidates=candidates, repairs=2),
        training=QUICK,
        budget=budget or Budget(),
    )
    fitness = Fitness(name=metric.name, score=metric.score, success=metric.success)
    run = store.create_run(request, fitness, ONE_SEGMENT)
    settings = Settings(
        data_folder=folder,
        model_base_url=base_url,
        model_concurrency=1,
        model_timeout_seconds=2.0,
        model_retries=2,
        training_cores=2,
    )
    with Orchestrator(settings, store, ArtifactStore(str(folder / "artifacts"))) as orchestrator:
        return orchestrator.work(run.id, threading.Event())


def test_faults_of_the_model_are_retried_repaired_or_rejected_and_the_rest_is_trained(
    store: Store, tmp_path: Path
) -> None:
    script = [
        *(Behaviour.RATE_LIMITED, Behaviour.GOOD),  # slot 0: asked again by the client
        *(Behaviour.SERVER_ERROR, Behaviour.UNPARSABLE, Behaviour.PROSE),  # slot 1: asked again, then repaired
        *(Behaviour.HANG, Behaviour.TWO_BLOCKS),  # slot 2: timed out, asked again
        *(Behaviour.UNKNOWN_VARIABLE, Behaviour.NAN, Behaviour.NO_CODE),  # slot 3: two repairs in vain
    ]
    with LoopbackServer(script, retry_after_seconds=0.05) as server:
        run = work(store, tmp_path, server.base_url, candidates=4)
    assert run.state is RunState.COMPLETED, run.reason
    assert len(server.requests) == len(script)

    states = [candidate.state for candidate in store.candidates(run.id)]
    assert states == [CandidateState.TRAINED] * 3 + [CandidateState.REJECTED]
    completions = store.completions(run.id)
    assert [(one.slot, one.attempt) for one in completions] == [(0, 0), (1, 0), (1, 1), (2, 0), (3, 0), (3, 1), (3, 2)]
    assert {one.state for one in completions} == {CompletionState.STORED}
    assert run.spending.completions == 7
    assert run.spending.prompt_tokens == sum(one.usage.prompt_tokens for one in completions) > 0

    repair = server.requests[8].messages[-1].content  # after the unknown variable
    assert "wing_span" in repair  # the exact fault goes back to the model


def test_a_model_out_of_reach_pauses_the_run_and_it_goes_on_when_the_model_is_back(
    store: Store, tmp_path: Path
) -> None:
    with LoopbackServer([Behaviour.GOOD, *[Behaviour.SERVER_ERROR] * 3], retry_after_seconds=0.05) as server:
        run = work(store, tmp_path, server.base_url, candidates=2)
        assert run.state is RunState.PAUSED
        assert run.reason is not None
        assert "openai/test-model" in run.reason
        store.request_state(run.id, "resume")
        settings = Settings(data_folder=tmp_path, model_base_url=server.base_url, model_concurrency=1, training_cores=2)
        with Orchestrator(settings, store, ArtifactStore(str(tmp_path / "artifacts"))) as orchestrator:
            run = orchestrator.work(run.id, threading.Event())
    assert run.state is RunState.COMPLETED, run.reason
    stored = [one.slot for one in store.completions(run.id) if one.state is CompletionState.STORED]
    assert sorted(stored) == [0, 1]  # the one that was answered before is not asked for again
    assert len(server.requests) == 5


def test_a_run_whose_candidates_all_fail_for_one_reason_stops_buying(store: Store, tmp_path: Path) -> None:
    with LoopbackServer(then=Behaviour.UNKNOWN_VARIABLE) as server:
        run = work(store, tmp_path, server.base_url, candidates=2)
    assert run.state is RunState.FAILED
    assert run.reason is not None
    assert "one reason" in run.reason
    assert len(server.requests) == 6  # two slots, each with two repairs
