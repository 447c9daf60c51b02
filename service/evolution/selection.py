"""Which candidates the next iteration builds on, and which one the run ends with: greedy on fitness, as in Eureka
(Ma et al. 2023, algorithm 1), but over all iterations, so that a good reward is never lost to a bad generation."""

from __future__ import annotations

import math
from collections.abc import Sequence

from service.schema import Candidate, CandidateState, Training


def select_parents(candidates: Sequence[Candidate], count: int) -> tuple[Candidate, ...]:
    """The `count` best trained candidates of all iterations, best first; fewer where fewer were trained.

    Ties in fitness go to the higher success rate, then to the earlier iteration and slot, whatever order they come in.
    A candidate whose fitness is not finite cannot be ranked and is never a parent.
    """
    trained = [
        (candidate, candidate.fitness)
        for candidate in candidates
        if candidate.state is CandidateState.TRAINED
        and candidate.fitness is not None
        and math.isfinite(candidate.fitness)
    ]
    ranked = sorted(trained, key=lambda pair: (-pair[1], -(pair[0].success_rate or 0.0), *_place(pair[0])))
    return tuple(candidate for candidate, _ in ranked[:count])


def winner(candidates: Sequence[Candidate]) -> Candidate | None:
    """The best trained candidate of all iterations, None where none was trained."""
    best = select_parents(candidates, 1)
    return best[0] if best else None


def best_training(trainings: Sequence[Training], candidate_id: str) -> Training | None:
    """The training of a candidate in the search that stands for it: of its seeds the best, of equals the first planned.

    The best by fitness on fresh episodes; where no seed is finished, by the best evaluation so far. None where none is planned.
    """
    own = [training for training in trainings if training.candidate_id == candidate_id and not training.comparison]
    return max(own, key=_worth, default=None)


def _worth(training: Training) -> tuple[bool, float]:
    if training.result is not None:
        return True, training.result.fitness
    fitness = [point.fitness for point in training.curve if math.isfinite(point.fitness)]
    return False, max(fitness, default=-math.inf)


def _place(candidate: Candidate) -> tuple[int, int, str]:
    return candidate.iteration, candidate.slot, candidate.id
