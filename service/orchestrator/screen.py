"""The screening step: drops candidates that are the same reward as another and plans a training for each of the rest."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sandbox import SandboxedReward, check_reward
from service.evolution.screening import screen as find_duplicates
from service.orchestrator.train import planned
from service.orchestrator.work import Tools
from service.schema import Candidate, CandidateState, IterationState


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
            tools.writer.set_candidate_state(
                candidate_id,
                CandidateState.SCREENED_OUT,
                reason=f"the same reward as {same.same_as} up to scale (distance {same.distance:.4f})",
            )
        else:
            # Every candidate trains on the same seed, so that luck is the same for all that are compared.
            seed = record.run.request.search.seed
            training = planned(
                tools, record.run, f"{candidate_id}-s0", "candidate", seed, candidate_id, comparison=False
            )
            tools.writer.add_trainings((training,))
            tools.writer.set_candidate_state(candidate_id, CandidateState.QUEUED)
    tools.writer.set_iteration_state(iteration, IterationState.TRAINING)


def _totals(tools: Tools, candidate: Candidate) -> NDArray[np.float64]:
    checked = check_reward(candidate.source, tools.card.parameters)
    rows = len(tools.transitions["time"])
    with SandboxedReward(checked, tools.card.parameters, rows) as reward:
        return reward(tools.transitions).total.astype(np.float64)
