"""The training of an iteration's candidates: all of them to the next rung, the weak ones stopped, and on to the end."""

from __future__ import annotations

import logging
import math
from collections.abc import Collection, Mapping

from service.evolution.analyzer import analyze
from service.evolution.selection import best_training
from service.orchestrator.train import train_all
from service.orchestrator.work import Tools
from service.schema import Candidate, CandidateState, CurvePoint, IterationState, RunRecord, TrainingState
from service.training.halving import Standing, Stop, standing

log = logging.getLogger(__name__)
GOING = (CandidateState.QUEUED, CandidateState.TRAINING)


def train(tools: Tools, iteration: int) -> None:
    """Trains the candidates of an iteration from their checkpoints; with halving those that fall behind are pruned on the way.

    A pruned candidate that a user has continued meanwhile trains on with the rest. Where the budget is used up on the way all
    others are pruned where they are.
    """
    while True:
        record = tools.record()
        generation = [candidate for candidate in record.candidates if candidate.iteration == iteration]
        stand = _standing(record, generation)
        _prune(tools, record, generation, stand.stopped)
        if (used_up := tools.due()) is not None:
            _prune_all(tools, tools.record(), iteration, used_up)
            _train_to(tools, {one.id for one in generation if one.continued}, None, beyond_budget=True)
            break
        going = {one.id for one in generation if one.state in GOING and (one.continued or one.id not in stand.stopped)}
        if not _train_to(tools, going, stand.until, beyond_budget=False) and stand.until is None:
            break
    tools.writer.set_iteration_state(iteration, IterationState.ANALYZING)


def train_to_the_end(tools: Tools, candidate_ids: Collection[str]) -> None:
    """Trains candidates from their checkpoints to the end, compared with nobody."""
    _train_to(tools, candidate_ids, None, beyond_budget=True)


def _train_to(tools: Tools, candidate_ids: Collection[str], until: int | None, *, beyond_budget: bool) -> bool:
    """Trains candidates to segment `until`, to the end if there is none; False if they were all there."""
    record = tools.record()
    left = [
        training.id
        for training in record.trainings
        if training.candidate_id in candidate_ids
        and not training.comparison
        and training.state in (TrainingState.QUEUED, TrainingState.RUNNING)
        and (until is None or training.segments_done < until)
    ]
    for candidate in record.candidates:
        if candidate.id in candidate_ids and candidate.state is CandidateState.QUEUED:
            tools.writer.set_candidate_state(candidate.id, CandidateState.TRAINING)
    train_all(tools, left, until, beyond_budget=beyond_budget)
    return bool(left)


def _prune(tools: Tools, record: RunRecord, generation: Collection[Candidate], stopped: Mapping[str, Stop]) -> None:
    for candidate in generation:
        stop = stopped.get(candidate.id)
        if stop is None or candidate.continued or candidate.state not in GOING:
            continue
        found = f"the score {stop.score:.4g} is below the cut of {stop.cut:.4g} by more than noise"
        why = found if math.isfinite(stop.score) else f"the score is {stop.score}"
        _prune_one(tools, record, candidate, f"stopped early, after segment {stop.rung}: {why}")


def _prune_all(tools: Tools, record: RunRecord, iteration: int, used_up: str) -> None:
    """Stops whoever has a training to go on with, but for those that a user wants trained to the end whatever it costs."""
    going = {
        training.candidate_id
        for training in record.trainings
        if training.state in (TrainingState.QUEUED, TrainingState.RUNNING) and not training.comparison
    }
    for candidate in record.candidates:
        waits = candidate.state in GOING and candidate.id in going and not candidate.continued
        if waits and candidate.iteration == iteration:
            _prune_one(tools, record, candidate, f"stopped early: {used_up}")


def _prune_one(tools: Tools, record: RunRecord, candidate: Candidate, reason: str) -> None:
    best = best_training(record.trainings, candidate.id)
    findings = () if best is None else analyze(best, tools.card.max_steps, tools.card.dt)
    log.info("candidate pruned: %s", reason, extra={"candidate_id": candidate.id})
    tools.writer.prune_candidate(candidate.id, reason, findings)


def _standing(record: RunRecord, generation: Collection[Candidate]) -> Standing:
    halving = record.run.request.training.halving
    if halving is None:
        return Standing({}, None)
    curves: dict[str, list[tuple[CurvePoint, ...]]] = {}
    failed: set[str] = set()
    segments = 0
    places = {candidate.id for candidate in generation}
    for training in record.trainings:
        if training.candidate_id in places and training.candidate_id is not None and not training.comparison:
            curves.setdefault(training.candidate_id, []).append(training.curve)
            segments = training.segments
            if training.state is TrainingState.FAILED:
                failed.add(training.candidate_id)
    in_training = {candidate.id for candidate in generation if candidate.state in GOING} - failed
    return standing(curves, in_training, segments, halving)
