"""A card that is not true of its environment stops a run before anything is bought."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from envs.card import card
from envs.errors import CardMismatch
from service.artifacts import ArtifactStore
from service.llm.select import make_designer
from service.orchestrator.design import design
from service.orchestrator.work import Tools
from service.schema import Fitness, RunRequest
from service.store.store import open_store
from service.training.cluster import Cluster

HOPPER = card("Hopper-v5")


def no_cluster(_: Callable[[], bool]) -> Cluster:
    raise AssertionError("no training is to begin")


def test_a_card_with_another_observation_stops_the_run_before_a_designer_is_asked(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/rewardsmith.db")
    metric = HOPPER.metrics[0]
    fitness = Fitness(name=metric.name, score=metric.score, success=metric.success)
    run_id = store.create_run(RunRequest(task="hop", environment="Hopper-v5"), fitness, 100_000).id
    claim = store.claim("somebody", 60.0, run_id)
    assert claim is not None
    writer = store.writer(claim)
    writer.start_iteration(1)
    tools = Tools(
        store=store,
        writer=writer,
        artifacts=ArtifactStore(str(tmp_path / "artifacts")),
        card=HOPPER.model_copy(update={"observation": {"obs": 13}}),
        designer=make_designer("offline", 1.0),
        cluster=no_cluster,
        stopped=lambda: False,
        due=lambda: None,
        model_concurrency=1,
        data_folder=tmp_path,
    )

    with pytest.raises(
        CardMismatch, match=r"the card says observation \{'obs': 13\}, the environment has \{'obs': 12\}"
    ):
        design(tools, 1)
    assert not store.completions(run_id)
    store.close()
