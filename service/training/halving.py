"""Successive halving: which candidates of a generation train on, decided from their curves alone.

Every candidate trains to the first rung, the best of every `eta` go on to the next, and so on: Jamieson & Talwalkar 2016,
"Non-stochastic Best Arm Identification and Hyperparameter Optimization" (arXiv:1502.07943), with the general `eta` and the
rounding down of Li et al. 2018, "Hyperband" (arXiv:1603.06560), algorithm 1. What is added: whoever is within noise of the
cut stays too, because what cannot be told apart must not be thrown away.

No decision is kept anywhere: each follows from the points up to its rung, so that it comes out the same however often the
work was interrupted, and whatever was trained since.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from service.schema import CurvePoint, HalvingConfig

Curves = Sequence[Sequence[CurvePoint]]
"""One candidate's curves, one for each of its seeds."""


@dataclass(frozen=True)
class Score:
    """How good a candidate is at a rung, in units of the fitness, and the standard error of that."""

    value: float
    error: float


@dataclass(frozen=True)
class Stop:
    """A candidate stopped after `rung` segments: its `score` there, and the `cut`, the lowest score that was needed."""

    rung: int
    score: float
    cut: float


@dataclass(frozen=True)
class Standing:
    """Who was stopped so far, and after which segment those who go on are compared next; None if they go on to the end."""

    stopped: Mapping[str, Stop]
    until: int | None


def rungs(segments: int, eta: int) -> tuple[int, ...]:
    """After how many segments of a training candidates are compared: `segments / eta^i`, rounded, from 1 up.

    Ten segments and eta 2 give 1 (10/8), 3 (10/4) and 5 (10/2). A generation of K then trains `K + 2 (K//2) + 2 (K//4) +
    5 (K//8)` of its 10 K segments, each count at least 1: 25 of 80 for K = 8, 26 of 90 for 9, 50 of 160 for 16, 75 of 240 for
    24, at most a third from K = 8 on as long as nobody stays for noise. Smaller generations save less (15 of 40 for 4), as one
    always goes on; so do budgets of fewer segments (17 of 48 for K = 8 and six segments, compared after 1, 2 and 3).
    """
    found: list[int] = []
    divisor = eta
    while (rung := (2 * segments + divisor) // (2 * divisor)) >= 1:
        found.append(rung)
        divisor *= eta
    return tuple(sorted(set(found) - {segments}))


def cut_of(scores: Mapping[str, Score], config: HalvingConfig) -> float:
    """The score of the last one that goes on whatever the noise: of n, place `max(fewest, n // eta)`.

    Only finite scores have a place. Negative infinity where there are no more of them than places.
    """
    finite = sorted((score.value for score in scores.values() if math.isfinite(score.value)), reverse=True)
    places = max(config.fewest, len(scores) // config.eta)
    return finite[places - 1] if places <= len(finite) else -math.inf


def survivors(scores: Mapping[str, Score], config: HalvingConfig) -> frozenset[str]:
    """The candidates that train on: all at the cut or above, and those below it by no more than noise.

    Noise is `errors` standard errors of the candidate's own score or `margin` standard deviations of all finite scores,
    whichever is more. A score that is not finite never survives.
    """
    finite = {name: score for name, score in scores.items() if math.isfinite(score.value)}
    if not finite:
        return frozenset()
    cut = cut_of(scores, config)
    margin = config.margin * float(np.std([score.value for score in finite.values()]))
    return frozenset(
        name for name, score in finite.items() if score.value >= cut - max(config.errors * score.error, margin)
    )


def score_at(curves: Curves, rung: int) -> Score:
    """A candidate's score after `rung` segments: the best fitness of each seed so far, mean over seeds.

    The best so far and not the last, since a training is worth its best segment's policy in the end, and a dip between two
    evaluations takes nothing of that away. The error is that of the mean over seeds, or with one seed that of the best
    point's evaluation episodes; 0 where neither is known.
    """
    best = [max(curve[:rung], key=lambda point: (not math.isnan(point.fitness), point.fitness)) for curve in curves]
    values = [point.fitness for point in best]
    if len(best) == 1:
        return Score(values[0], best[0].fitness_error or 0.0)
    if not all(map(math.isfinite, values)):
        return Score(math.nan, 0.0)
    return Score(float(np.mean(values)), float(np.std(values, ddof=1)) / math.sqrt(len(values)))


def standing(
    generation: Mapping[str, Curves], in_training: Collection[str], segments: int, config: HalvingConfig
) -> Standing:
    """How far the halving of a generation has come, from the curves of all its candidates, and what it waits for.

    `in_training` are the candidates whose curves may still grow; any other without a point at a rung, since its reward was
    at fault, takes no part from there on. A stopped candidate that trained on since is stopped here all the same.
    """
    going = dict(generation)
    stopped: dict[str, Stop] = {}
    for rung in rungs(segments, config.eta):
        there = {name: curves for name, curves in going.items() if all(len(curve) >= rung for curve in curves)}
        if any(name in in_training for name in going.keys() - there.keys()):
            return Standing(stopped, rung)
        scores = {name: score_at(curves, rung) for name, curves in there.items()}
        kept, cut = survivors(scores, config), cut_of(scores, config)
        stopped |= {name: Stop(rung, score.value, cut) for name, score in scores.items() if name not in kept}
        going = {name: curves for name, curves in there.items() if name in kept}
    return Standing(stopped, None)
