"""Whether a request can begin with the policy that it names: asked before anything is stored or spent."""

from __future__ import annotations

from envs.card import EnvCard
from service.api.errors import FieldError, RequestRefused
from service.artifacts import ArtifactStore
from service.evolution.warm_start import PolicyMismatch, check_policy, policy_training
from service.schema import PolicyOf, TrainingConfig
from service.store import NotFound, Store


def check_warm_start(training: TrainingConfig, card: EnvCard, store: Store, artifacts: ArtifactStore) -> None:
    """Raises `RequestRefused` if the policy is not there or fits another environment or network, naming both sides."""
    wanted = training.warm_start
    if not isinstance(wanted, PolicyOf):
        return
    try:
        begun_with = policy_training(store.trainings(wanted.run_id), wanted.candidate_id)
        key = store.policy_key(begun_with.id)
        assert key is not None  # a finished training has a policy
        check_policy(artifacts.get(key), card, training.ppo)
    except (NotFound, PolicyMismatch) as error:
        raise RequestRefused([FieldError(field="training.warm_start", message=str(error))]) from error
