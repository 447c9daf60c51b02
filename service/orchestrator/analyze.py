"""The analysis step: what the iteration's policies did, in findings and to look at, and what their candidates are worth."""

from __future__ import annotations

import logging
from collections.abc import Collection

import numpy as np

from service.evolution.analyzer import analyze as find
from service.evolution.comparison import mean_interval
from service.evolution.selection import best_training
from service.log_context import about
from service.orchestrator.replay import record_replay
from service.orchestrator.work import Tools
from service.schema import Candidate, CandidateState, IterationState, RunRecord, TrainingState

log = logging.getLogger(__name__)


def analyze(tools: Tools, iteration: int) -> None:
    """Moves every candidate of an iteration that was in training to `trained` with fitness and findings, or to `failed`."""
    of_iteration = [candidate.id for candidate in tools.record().candidates if candidate.iteration == iteration]
    analyze_candidates(tools, of_iteration)
    tools.writer.set_iteration_state(iteration, IterationState.DONE)


def analyze_candidates(tools: Tools, candidate_ids: Collection[str]) -> None:
    """Does so with those of these candidates that were in training."""
    record = tools.record()
    for candidate in record.candidates:
        if candidate.id in candidate_ids and candidate.state is CandidateState.TRAINING:
            with about(candidate_id=candidate.id):
                _end(tools, record, candidate)


def _end(tools: Tools, record: RunRecord, candidate: Candidate) -> None:
    """`trained` with the mean over all its seeds, or `failed` with the reason if its reward was at fault with any of them."""
    own = [one for one in record.trainings if one.candidate_id == candidate.id and not one.comparison]
    faults = [one.reason for one in own if one.state is TrainingState.FAILED]
    results = [one.result for one in own if one.result is not None]
    best = best_training(own, candidate.id)
    if faults or best is None or len(results) < len(own):
        reason = faults[0] if faults else None
        log.info("candidate failed: %s", reason or "its trainings were not finished")
        tools.writer.set_candidate_state(candidate.id, CandidateState.FAILED, reason=reason)
        return
    record_replay(tools, record.run, candidate, best)
    fitness = [result.fitness for result in results]
    log.info("candidate trained", extra={"fitness": float(np.mean(fitness))})
    tools.writer.set_candidate_state(
        candidate.id,
        CandidateState.TRAINED,
        fitness=float(np.mean(fitness)),
        fitness_interval=mean_interval(fitness) if len(fitness) > 1 else None,
        success_rate=float(np.mean([result.success_rate for result in results])),
        findings=find(best, tools.card.max_steps, tools.card.dt),
    )
