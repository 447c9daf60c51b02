"""Whose policy a training begins with, and whether that policy fits."""

from __future__ import annotations

from collections.abc import Sequence

from envs.card import EnvCard
from envs.errors import PolicyInvalid
from envs.policy_file import policy_header
from service.evolution.selection import best_training, select_parents
from service.schema import Candidate, PPOConfig, RunRecord, Training


class PolicyMismatch(Exception):
    """A policy cannot be begun with here: it is of another environment, observation or network, or there is none."""


def parent_training(record: RunRecord, candidate: Candidate) -> Training | None:
    """The best training of a candidate's best trained parent; None where it has none, as in the first iteration."""
    parents = select_parents([one for one in record.candidates if one.id in candidate.parents], 1)
    return best_training(record.trainings, parents[0].id) if parents else None


def policy_training(trainings: Sequence[Training], candidate_id: str) -> Training:
    """The training of a candidate whose policy stands for it. Raises `PolicyMismatch` where none is finished."""
    best = best_training(trainings, candidate_id)
    if best is None or best.result is None:
        raise PolicyMismatch(
            f"expected a candidate with a trained policy to begin with, got {candidate_id}, of which no training is finished; "
            "name one that is `trained`"
        )
    return best


def check_policy(policy: bytes, card: EnvCard, config: PPOConfig) -> None:
    """Raises `PolicyMismatch`, naming both sides, unless a policy file can be begun with in this environment and network."""
    try:
        header = policy_header(policy)
    except PolicyInvalid as error:
        raise PolicyMismatch(str(error)) from error
    wanted = (card.id, list(card.policy), list(config.hidden_sizes))
    found = (header.environment, list(header.observation), list(header.layer_sizes[:-1]))
    if found != wanted:
        raise PolicyMismatch(
            f"expected a policy for (environment, observation, hidden sizes) {wanted} to begin with, got one for {found}; "
            "name one of the same environment, and give training.ppo.hidden_sizes as they were"
        )
    if not {"policy.log_std", "observation.count"} <= header.tensors:
        raise PolicyMismatch(
            "expected a policy file with policy.log_std and observation.count to begin with, got one of an older version; "
            "train its candidate again"
        )
