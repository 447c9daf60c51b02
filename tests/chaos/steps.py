"""A run whose whole process tree is killed in every step ends as the undisturbed one: candidates, figures and policies.

`make chaos-steps` runs it: some minutes.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from envs.card import card
from service.artifacts import ArtifactStore
from service.schema import (
    CandidateState,
    CompletionState,
    Fitness,
    HalvingConfig,
    PPOConfig,
    RunRequest,
    RunState,
    SearchConfig,
    TrainingConfig,
)
from service.settings import Settings
from service.store.store import Store, open_store
from tests.integration.orchestrator.figures import figures, policies, replays

PROJECT = Path(__file__).parents[2]
REQUEST = RunRequest(
    task="hop forward",
    environment="Hopper-v5",
    search=SearchConfig(iterations=2, candidates=3, seed=3),
    training=TrainingConfig(
        environments=2,
        rollout_length=300,
        evaluation_episodes=1,
        confirmation_episodes=2,
        comparison_seeds=1,
        halving=HalvingConfig(eta=2, fewest=2, errors=0.0, margin=0.0),  # of three, two go on to the second segment
        warm_start="parent",
        ppo=PPOConfig(hidden_sizes=(16,), epochs=1, minibatch_size=100),
    ),
)
STEPS = 8400  # two segments
DEATHS = [
    ("start_iteration", "after", 1),
    ("intend_completion", "after", 1),  # in flight: possibly paid, asked again
    ("store_completion", "before", 1),  # answered, but the answer was not stored: possibly paid, asked again
    ("store_completion", "after", 1),  # stored: never asked again
    ("add_trainings", "after", 1),  # in the screening
    ("add_segment", "before", 2),  # in the training: the checkpoint is written, its row is not
    ("prune_candidate", "before", 1),  # between the rungs: the one to be stopped is known, but not stored
    ("finish_training", "after", 1),  # one candidate is trained, the other is not
    ("set_iteration_state", "before", 2),  # at the end of the analysis
    ("set_comparison", "before", 1),  # at the end of the final comparison, two steps later
]


class Place:
    """One data folder with its store and artifacts."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(data_folder=folder)
        folder.mkdir()
        self.store: Store = open_store(self.settings.database_url)
        self.artifacts = ArtifactStore(self.settings.artifacts_url)
        metric = card(REQUEST.environment).metrics[0]
        fitness = Fitness(name=metric.name, score=metric.score, success=metric.success)
        self.run_id = self.store.create_run(REQUEST, fitness, STEPS).id

    def work(self, method: str = "never", when: str = "after", nth: int = 1) -> int:
        arguments = [str(self.settings.data_folder), self.run_id, method, when, str(nth)]
        command = [sys.executable, "-m", "tests.chaos.work_and_die", *arguments]
        return subprocess.run(command, cwd=PROJECT, timeout=200, check=False).returncode


@pytest.mark.timeout(900)
def test_a_run_killed_in_every_step_ends_as_the_undisturbed_one(tmp_path: Path) -> None:
    undisturbed, killed = Place(tmp_path / "undisturbed"), Place(tmp_path / "killed")
    assert undisturbed.work() == 0
    for death in DEATHS:
        assert killed.work(*death) == -signal.SIGKILL, death
        assert killed.store.get_run(killed.run_id).state is RunState.RUNNING
    assert killed.work() == 0

    run = killed.store.get_run(killed.run_id)
    assert run.state is RunState.COMPLETED
    assert figures(killed.store, killed.run_id) == figures(undisturbed.store, undisturbed.run_id)
    assert policies(killed.store, killed.artifacts, killed.run_id) == policies(
        undisturbed.store, undisturbed.artifacts, undisturbed.run_id
    )
    recorded = replays(killed.store, killed.artifacts, killed.run_id)
    assert recorded == replays(undisturbed.store, undisturbed.artifacts, undisturbed.run_id)
    assert len(recorded) == 4  # of six, two were stopped early
    assert sum(one.state is CandidateState.PRUNED for one in killed.store.candidates(run.id)) == 2  # one an iteration

    candidates = {one.id: one for one in killed.store.candidates(run.id)}
    started = [one for one in killed.store.trainings(run.id) if one.candidate_id is not None and not one.comparison]
    for training in started:
        parents = [candidates[parent] for parent in candidates[training.candidate_id or ""].parents]
        best = max(parents, key=lambda one: one.fitness or 0.0, default=None)
        assert training.warm_start == (None if best is None else f"{best.id}-s0")
    assert any(training.warm_start for training in started)

    completions = killed.store.completions(killed.run_id)
    stored = [one for one in completions if one.state is CompletionState.STORED]
    places = [(one.iteration, one.slot, one.attempt) for one in stored]
    assert len(places) == len(set(places))  # none was asked for again once stored
    expected = undisturbed.store.completions(undisturbed.run_id)
    assert places == [(one.iteration, one.slot, one.attempt) for one in expected]
    lost = [one for one in completions if one.state is CompletionState.LOST]
    assert len(stored) + len(lost) == len(completions)
    assert len(lost) == run.spending.completions_possibly_paid >= 2

    events = killed.store.events(killed.run_id)
    assert [event.number for event in events] == list(range(1, len(events) + 1))
    spent = undisturbed.store.get_run(undisturbed.run_id).spending
    assert run.spending.environment_steps == spent.environment_steps
