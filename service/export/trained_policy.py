"""The policy that stands for a candidate: what an export holds and a replay plays."""

from __future__ import annotations

from dataclasses import dataclass

from service.artifacts import ArtifactStore
from service.schema import RunRecord, Training
from service.store import Store


@dataclass(frozen=True)
class TrainedPolicy:
    """A policy's safetensors and the training it comes from."""

    training: Training
    content: bytes


def trained_policy(
    record: RunRecord, candidate_id: str, store: Store, artifacts: ArtifactStore
) -> TrainedPolicy | None:
    """The policy of a candidate's best finished training, by fitness on fresh seeds; of equals the first. None before there is one.

    The final comparison's trainings count too. Raises `ArtifactsError`.
    """
    finished = [
        (training.result.fitness, training)
        for training in record.trainings
        if training.candidate_id == candidate_id and training.reward == "candidate" and training.result
    ]
    for _, training in sorted(finished, key=lambda one: -one[0]):
        key = store.policy_key(training.id)
        if key is not None:
            return TrainedPolicy(training, artifacts.get(key))
    return None
