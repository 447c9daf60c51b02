"""A final comparison takes from a stored baseline what it would have trained itself, and nothing else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from envs.card import card
from service.artifacts import ArtifactStore
from service.baselines.folder import BaselineFolder
from service.baselines.stored import OWN
from service.baselines.train import make_baseline, plan_baseline
from service.orchestrator.orchestrator import Orchestrator
from service.schema import (
    Comparison,
    EventKind,
    Fitness,
    PPOConfig,
    Run,
    RunRequest,
    RunState,
    SearchConfig,
    TrainingConfig,
)
from service.settings import Settings
from service.store import Store, open_store
from service.training.population import Population

ARM = card("FetchReach-v4")
METRIC = ARM.metrics[0]
FITNESS = Fitness(name=METRIC.name, score=METRIC.score, success=METRIC.success, unit=METRIC.unit)
QUICK = TrainingConfig(
    environments=2,
    rollout_length=60,
    evaluation_episodes=1,
    confirmation_episodes=2,
    comparison_seeds=2,
    ppo=PPOConfig(hidden_sizes=(8,), epochs=1, minibatch_size=60),
)
STEPS = 480
REWARD = "def compute_reward(gripper_position):\n    high = gripper_position[:, 2]\n    return high, {'high': high}\n"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path}/rewardsmith.db")
    yield opened
    opened.close()


def new_run(store: Store) -> Run:
    request = RunRequest(
        task="reach",
        environment=ARM.id,
        seed_rewards=(REWARD,),
        search=SearchConfig(iterations=1, candidates=1),
        training=QUICK,
    )
    return store.create_run(request, FITNESS, STEPS)


def compared(run: Run) -> Comparison:
    assert run.state is RunState.COMPLETED, run.reason
    assert run.comparison is not None
    return run.comparison


def logged(store: Store, run: Run) -> str:
    return "\n".join(event.text for event in store.events(run.id) if event.kind is EventKind.LOG)


def test_with_a_baseline_of_the_same_seeds_the_comparison_is_the_same_and_only_the_winner_is_trained(
    store: Store, tmp_path: Path
) -> None:
    settings = Settings(data_folder=tmp_path, training_cores=2)
    stop = threading.Event()
    with Orchestrator(settings, store, ArtifactStore(str(tmp_path / "artifacts"))) as orchestrator:
        trained = orchestrator.work(new_run(store).id, stop)

        plan = plan_baseline(ARM, METRIC, QUICK, STEPS, 3)
        folder = BaselineFolder(tmp_path / OWN, plan)
        make_baseline(ARM, plan, folder, lambda job: Population(job, threads=1).train(), lambda _: None)
        taken = orchestrator.work(new_run(store).id, stop)

    ours, theirs = compared(trained), compared(taken)
    assert [reward.stored for reward in ours.rewards] == [False, False, False]
    assert [reward.stored for reward in theirs.rewards] == [False, True, True]
    for one, same in zip(ours.rewards, theirs.rewards, strict=True):
        assert same.model_copy(update={"stored": False}) == one
    assert theirs.human_normalised == ours.human_normalised
    assert {one.reward for one in store.trainings(taken.id) if one.comparison} == {"candidate"}
    assert "no stored baseline of FetchReach-v4 is of this training: steps 102,400" in logged(store, trained)
    assert "are taken from a stored baseline" in logged(store, taken)
