"""The analysis leaves an episode of each trained candidate to look at."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from envs.behaviour import policy_path
from envs.card import card
from service.artifacts import ArtifactStore, ArtifactUnknown, meshes_key, replay_key
from service.llm.select import make_designer
from service.orchestrator.analyze import analyze_candidates
from service.orchestrator.replay import record_replay
from service.orchestrator.work import Interrupted, Tools
from service.schema import (
    Candidate,
    CandidateState,
    EventKind,
    Fitness,
    RunRequest,
    Training,
    TrainingResult,
    TrainingState,
)
from service.store.columns import now
from service.store.store import Store, open_store
from service.training.cluster import Cluster
from tests.replay_reader import ReadReplay, SafetensorsFile

REWARD = "def compute_reward(action):\n    effort = np.sum(np.square(action), axis=-1)\n    return -effort, {'effort': effort}\n"
LATE = "def compute_reward(time):\n    assert np.max(time) < 0.1, 'too late'\n    return time, {'time': time}\n"


def no_cluster(_: Callable[[], bool]) -> Cluster:
    raise AssertionError("nothing is trained")


class Bench:
    """A run whose one candidate has just been trained."""

    def __init__(self, store: Store, folder: Path, environment: str, source: str) -> None:
        self.card, self.artifacts = card(environment), ArtifactStore(str(folder / "artifacts"))
        metric = self.card.metrics[0]
        fitness = Fitness(name=metric.name, score=metric.score, success=metric.success)
        self.run_id = store.create_run(RunRequest(task="move", environment=environment), fitness, 100_000).id
        claim = store.claim("somebody", 60.0, self.run_id)
        assert claim is not None
        self.tools = Tools(
            store=store,
            writer=store.writer(claim),
            artifacts=self.artifacts,
            card=self.card,
            designer=make_designer("offline", 1.0),
            cluster=no_cluster,
            stopped=lambda: False,
            due=lambda: None,
            model_concurrency=1,
            data_folder=folder,
        )
        self.candidate, self.training = f"{self.run_id}-1-0", f"{self.run_id}-1-0-s0"
        self._train(source)

    def _train(self, source: str) -> None:
        writer = self.tools.writer
        writer.add_candidate(
            Candidate(
                id=self.candidate, run_id=self.run_id, iteration=1, slot=0, state=CandidateState.PROPOSED, source=source,
                origin="proposed", created_at=now(),
            )
        )  # fmt: skip
        for state in (CandidateState.QUEUED, CandidateState.TRAINING):
            writer.set_candidate_state(self.candidate, state)
        writer.add_trainings((
            Training(
                id=self.training, run_id=self.run_id, candidate_id=self.candidate, reward="candidate", comparison=False, seed=0,
                state=TrainingState.QUEUED, segments=1, segments_done=0, curve=(), result=None, reason=None,
            ),
        ))  # fmt: skip
        result = TrainingResult(best_segment=0, fitness=1.0, success_rate=0.0, episodes=())
        self.artifacts.put("policy", policy_path(self.card).read_bytes())
        writer.finish_training(self.training, result, "policy", 0)

    def stored(self) -> bytes:
        return self.artifacts.get(replay_key(self.run_id, self.training))

    def state(self) -> CandidateState:
        return self.tools.store.candidate(self.run_id, self.candidate).state

    def said(self) -> list[str]:
        return [event.text for event in self.tools.store.events(self.run_id) if event.kind is EventKind.LOG]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path}/rewardsmith.db")
    yield opened
    opened.close()


def test_a_trained_candidate_has_a_replay_of_its_best_policy(store: Store, tmp_path: Path) -> None:
    bench = Bench(store, tmp_path, "Ant-v5", REWARD)
    analyze_candidates(bench.tools, [bench.candidate])
    assert bench.state() is CandidateState.TRAINED
    header = ReadReplay(gzip.decompress(bench.stored())).header
    assert (header["environment"], header["seed"], header["components"]) == ("Ant-v5", 0, ["effort"])


def test_a_recording_that_is_made_again_is_the_same_bytes(store: Store, tmp_path: Path) -> None:
    bench = Bench(store, tmp_path, "Ant-v5", REWARD)
    recorded = []
    for _ in range(2):
        record = bench.tools.record()
        record_replay(bench.tools, record.run, record.candidates[0], record.trainings[0])
        recorded.append(bench.stored())
        bench.artifacts.delete_prefix(f"runs/{bench.run_id}")
    assert recorded[0] == recorded[1]


def test_a_robot_of_meshes_has_them_stored_once_for_all_runs(store: Store, tmp_path: Path) -> None:
    bench = Bench(store, tmp_path, "FetchReach-v4", REWARD)
    analyze_candidates(bench.tools, [bench.candidate])
    digest = ReadReplay(gzip.decompress(bench.stored())).header["meshes"]
    meshes = SafetensorsFile(gzip.decompress(bench.artifacts.get(meshes_key(digest))), "meshes")
    assert len(meshes.header["meshes"]) == 15


def test_an_episode_that_the_reward_fails_on_costs_the_candidate_nothing_but_its_replay(
    store: Store, tmp_path: Path
) -> None:
    bench = Bench(store, tmp_path, "Ant-v5", LATE)
    analyze_candidates(bench.tools, [bench.candidate])
    assert bench.state() is CandidateState.TRAINED
    with pytest.raises(ArtifactUnknown):
        bench.stored()
    (said,) = bench.said()
    assert said.startswith(f"no replay of candidate {bench.candidate}: ")
    assert "too late" in said


def test_a_card_without_a_reference_has_no_replay_and_says_nothing(store: Store, tmp_path: Path) -> None:
    bench = Bench(store, tmp_path, "Ant-v5", REWARD)
    engine = bench.card.engine.model_copy(update={"reference": None})
    analyze_candidates(replace(bench.tools, card=bench.card.model_copy(update={"engine": engine})), [bench.candidate])
    assert (bench.state(), bench.said()) == (CandidateState.TRAINED, [])
    with pytest.raises(ArtifactUnknown):
        bench.stored()


def test_a_run_that_must_be_left_waits_for_no_episode(store: Store, tmp_path: Path) -> None:
    bench = Bench(store, tmp_path, "Ant-v5", REWARD)
    with pytest.raises(Interrupted):
        analyze_candidates(replace(bench.tools, stopped=lambda: True), [bench.candidate])
    assert bench.state() is CandidateState.TRAINING
