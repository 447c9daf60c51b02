"""The analysis step: what the iteration's policies did, in findings, and what their candidates are worth."""

from __future__ import annotations

from service.evolution.analyzer import analyze as find
from service.orchestrator.work import Tools
from service.schema import CandidateState, IterationState, TrainingState


def analyze(tools: Tools, iteration: int) -> None:
    """Moves every candidate that was in training to `trained` with fitness and findings, or to `failed` with the reason."""
    record = tools.record()
    trainings = {training.candidate_id: training for training in record.trainings if not training.comparison}
    for candidate in record.candidates:
        if candidate.iteration != iteration or candidate.state is not CandidateState.TRAINING:
            continue
        training = trainings[candidate.id]
        if training.state is TrainingState.FAILED or training.result is None:
            tools.writer.set_candidate_state(candidate.id, CandidateState.FAILED, reason=training.reason)
            continue
        tools.writer.set_candidate_state(
            candidate.id,
            CandidateState.TRAINED,
            fitness=training.result.fitness,
            success_rate=training.result.success_rate,
            findings=find(training, tools.card.max_steps, tools.card.dt),
        )
    tools.writer.set_iteration_state(iteration, IterationState.DONE)
