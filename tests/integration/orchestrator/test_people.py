"""What people say between two iterations reaches the model, and the reward that one of them gives is trained beside its own."""

from __future__ import annotations

import threading
from pathlib import Path

from envs.card import card
from service.artifacts import ArtifactStore
from service.llm.loopback import Behaviour, LoopbackServer
from service.orchestrator.orchestrator import Orchestrator
from service.schema import (
    CandidateState,
    Fitness,
    Order,
    RunRequest,
    RunState,
    SearchConfig,
    Words,
)
from service.settings import Settings
from service.store import open_store
from tests.integration.orchestrator.quick import ONE_SEGMENT, QUICK

MINE = "def compute_reward(forward_velocity):\n    return 3.0 * forward_velocity, {'fast': 3.0 * forward_velocity}\n"
REQUEST = RunRequest(
    task="hop forward",
    environment="Hopper-v5",
    designer="openai/test-model",
    feedback="wait",
    search=SearchConfig(iterations=2, candidates=2),
    training=QUICK,
)


def test_a_run_waits_hears_what_people_say_and_trains_what_they_give(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/rewardsmith.db")
    metric = card(REQUEST.environment).metrics[0]
    fitness = Fitness(name=metric.name, score=metric.score, success=metric.success)
    run_id = store.create_run(REQUEST, fitness, ONE_SEGMENT).id
    with LoopbackServer(then=Behaviour.GOOD) as server:
        settings = Settings(data_folder=tmp_path, model_base_url=server.base_url, training_cores=2)
        with Orchestrator(settings, store, ArtifactStore(str(tmp_path / "artifacts"))) as orchestrator:
            waiting = orchestrator.work(run_id, threading.Event())
            assert waiting.state is RunState.AWAITING_FEEDBACK
            assert waiting.reason == "iteration 1 is done: to resume the run goes on"
            assert len(server.requests) == 2

            candidates = [one.id for one in store.candidates(run_id)]
            store.say(run_id, Words(words="it drags its foot", candidate_id=candidates[0]), "ada")
            store.prefer(run_id, Order(ranking=(candidates[1], candidates[0])), "ada")
            store.contribute(run_id, MINE, "ada")
            store.request_state(run_id, "resume")
            assert orchestrator.work(run_id, threading.Event()).state is RunState.COMPLETED

    for request in server.requests[2:]:
        assert "it drags its foot" in request.messages[-1].content
        assert f"{candidates[1]} over {candidates[0]}" in request.messages[-1].content
    mine = store.candidate(run_id, f"{run_id}-2-2")  # behind the two that the model was asked for
    assert (mine.source, mine.origin) == (MINE, "contributed")
    assert mine.state in (CandidateState.TRAINED, CandidateState.SCREENED_OUT)
    store.close()
