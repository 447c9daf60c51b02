"""The screening step: drops candidates that are the same reward as another and plans a training for each of the rest."""

from __future__ import annotations

import logging

import numpy as np
from numpy.typing import NDArray

from envs.seeds import environment_seeds
from sandbox import SandboxedReward, check_reward
from service.evolution.screening import screen as find_duplicates
from service.orchestrator.train import planned
from service.orchestrator.warm_start import starting_policy
from service.orchestrator.work import Tools
from service.schema import Candidate, CandidateState, IterationState, RunRecord

SEARCH_SEEDS = 3
"""Keeps the further seeds of the search apart from those of evaluations and of the final comparison."""
log = logging.getLogger(__name__)


def screen(tools: Tools, iteration: int) -> None:
    """Moves every proposed candidate of the iteration to `screened_out` or `queued`."""
    record = tools.record()
    proposed = {
        candidate.id: candidate
        for candidate in record.candidates
        if candidate.iteration == iteration
        and candidate.state in (CandidateState.PROPOSED, CandidateState.SCREENED_OUT, CandidateState.QUEUED)
    }
    earlier = [candidate for candidate in record.candidates if candidate.state is CandidateState.TRAINED]
    duplicates = {
        duplicate.candidate_id: duplicate
        for duplicate in find_duplicates(
            {candidate.id: _totals(tools, candidate) for candidate in proposed.values()},
            {candidate.id: _totals(tools, candidate) for candidate in earlier},
            tools.card.fixed_horizon,
        )
    }
    for candidate_id in proposed:
        if candidate_id in duplicates:
            same = duplicates[candidate_id]
            reason = f"the same reward as {same.same_as} up to scale (distance {same.distance:.4f})"
            log.info("candidate screened out: %s", reason, extra={"candidate_id": candidate_id})
            tools.writer.set_candidate_state(candidate_id, CandidateState.SCREENED_OUT, reason=reason)
        else:
            _plan(tools, record, proposed[candidate_id])
    tools.writer.set_iteration_state(iteration, IterationState.TRAINING)


def _plan(tools: Tools, record: RunRecord, candidate: Candidate) -> None:
    """Plans a training for each seed; the seeds are the same for all candidates, so that luck is the same for all compared."""
    request = record.run.request
    start = starting_policy(tools, record, candidate)
    seeds = training_seeds(request.training.seeds, request.search.seed)
    tools.writer.add_trainings(
        tuple(
            planned(
                tools,
                record.run,
                f"{candidate.id}-s{k}",
                "candidate",
                seed,
                candidate.id,
                comparison=False,
                warm_start=None if start is None else start.id,
            )
            for k, seed in enumerate(seeds)
        )
    )
    tools.writer.set_candidate_state(candidate.id, CandidateState.QUEUED)


def training_seeds(count: int, search_seed: int) -> list[int]:
    """Seeds of the search's trainings: its own seed, then others that follow from it; the first of them whatever the count."""
    return [search_seed, *environment_seeds(count - 1, search_seed, SEARCH_SEEDS)]


def _totals(tools: Tools, candidate: Candidate) -> NDArray[np.float64]:
    checked = check_reward(candidate.source, tools.card.parameters)
    rows = len(tools.transitions["time"])
    with SandboxedReward(checked, tools.card.parameters, rows) as reward:
        return reward(tools.transitions).total.astype(np.float64)
