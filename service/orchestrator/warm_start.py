"""Which stored policy a candidate's trainings begin with, and whether it can be begun with at all."""

from __future__ import annotations

from service.evolution.warm_start import check_policy, parent_training, policy_training
from service.orchestrator.work import Tools
from service.schema import Candidate, PolicyOf, RunRecord, Training


def check_warm_start(tools: Tools) -> None:
    """Raises `PolicyMismatch` or `NotFound` if the policy of another run, where one is asked for, cannot be begun with."""
    training = tools.record().run.request.training
    if isinstance(training.warm_start, PolicyOf):
        check_policy(tools.policy(_other(tools, training.warm_start).id), tools.card, training.ppo)


def starting_policy(tools: Tools, record: RunRecord, candidate: Candidate) -> Training | None:
    """The training whose policy all trainings of a candidate begin with; None where they begin afresh."""
    wanted = record.run.request.training.warm_start
    if wanted is None:
        return None
    if wanted == "parent":
        return parent_training(record, candidate)
    return _other(tools, wanted)


def _other(tools: Tools, wanted: PolicyOf) -> Training:
    return policy_training(tools.store.trainings(wanted.run_id), wanted.candidate_id)
