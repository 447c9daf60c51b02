"""A run that is to begin with a stored policy is refused before anything is stored, or begins with one that fits."""

from __future__ import annotations

import json

import httpx
import numpy as np
import pytest
from safetensors.numpy import save

from envs.policy_file import FORMAT
from service.artifacts import ArtifactStore
from service.schema import CandidateState, Training, TrainingResult, TrainingState
from service.store import Store, Writer
from tests.integration.api.test_parts import add_candidate

POLICY = {
    "policy.0.weight": (11, 64), "policy.0.bias": (64,), "policy.1.weight": (64, 64), "policy.1.bias": (64,),
    "policy.2.weight": (64, 3), "policy.2.bias": (3,), "policy.log_std": (3,), "observation.mean": (11,),
    "observation.variance": (11,), "observation.count": (),
}  # fmt: skip
DESCRIPTION = {"format": FORMAT, "environment": "Hopper-v5", "observation": ["obs[1:12]"]}


@pytest.fixture
def trained(store: Store, writer: Writer, client: httpx.Client, folder: object) -> str:
    """A trained candidate of Hopper with two hidden layers of 64."""
    candidate = add_candidate(writer, 0, None)
    training = Training(
        id=f"{candidate.id}-s0", run_id=candidate.run_id, candidate_id=candidate.id, reward="candidate", comparison=False,
        seed=0, state=TrainingState.QUEUED, segments=1, segments_done=0, curve=(), result=None, reason=None,
    )  # fmt: skip
    writer.add_trainings((training,))
    for state in (CandidateState.QUEUED, CandidateState.TRAINING):
        writer.set_candidate_state(candidate.id, state)
    tensors = {name: np.zeros(shape, np.float32) for name, shape in POLICY.items()}
    key = f"runs/{candidate.run_id}/policy.safetensors"
    ArtifactStore(f"{folder}/artifacts").put(key, save(tensors, {"policy": json.dumps(DESCRIPTION)}))
    result = TrainingResult(best_segment=0, fitness=1.0, success_rate=0.0, episodes=())
    writer.finish_training(training.id, result, key, 0)
    return candidate.id


def asked(client: httpx.Client, writer: Writer, candidate_id: str, **fields: object) -> httpx.Response:
    training = {"warm_start": {"run_id": writer.claim.run_id, "candidate_id": candidate_id}}
    body = {"task": "hop", "environment": "Hopper-v5", "training": training | dict(fields)}
    return client.post("/runs", json=body)


def test_a_policy_that_fits_is_begun_with(client: httpx.Client, writer: Writer, trained: str) -> None:
    answer = asked(client, writer, trained)
    assert answer.status_code == 201, answer.text
    assert answer.json()["request"]["training"]["warm_start"]["candidate_id"] == trained


def test_a_policy_of_another_network_is_refused_with_both_sizes(
    client: httpx.Client, store: Store, writer: Writer, trained: str
) -> None:
    before = store.list_runs().runs
    answer = asked(client, writer, trained, ppo={"hidden_sizes": [32, 16]})
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["field"] == "training.warm_start"
    assert "[32, 16]" in error["message"]
    assert "[64, 64]" in error["message"]
    assert store.list_runs().runs == before


def test_a_policy_of_another_environment_is_refused_with_both_names(
    client: httpx.Client, writer: Writer, trained: str
) -> None:
    training = {"warm_start": {"run_id": writer.claim.run_id, "candidate_id": trained}}
    answer = client.post("/runs", json={"task": "run", "environment": "HalfCheetah-v5", "training": training})
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert "HalfCheetah-v5" in error["message"]
    assert "Hopper-v5" in error["message"]


def test_a_candidate_without_a_policy_and_a_run_that_is_not_there_are_refused(
    client: httpx.Client, writer: Writer, trained: str
) -> None:
    assert "no training is finished" in asked(client, writer, f"{trained}0").json()["errors"][0]["message"]
    training = {"warm_start": {"run_id": "r-nowhere", "candidate_id": trained}}
    answer = client.post("/runs", json={"task": "hop", "environment": "Hopper-v5", "training": training})
    assert answer.json()["errors"][0]["field"] == "training.warm_start"
    assert "r-nowhere" in answer.json()["errors"][0]["message"]
