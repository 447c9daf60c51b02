"""What happened in a training, in numbers and then in words: the findings that the next design is made from.

Auto MC-Reward's trajectory analyzer (Li et al. 2024) asks a model; this one is arithmetic on the training's curve and on
the episodes of its final evaluation. Codes are stable, because the offline designer acts on them:
`dominating_component`, `dead_component`, `fighting_components`, `component_correlation` (in `components`),
`reward_hacking`, `never_improved`, `peaked_early`, `unstable`, `fitness_trend`, `early_termination`, `success`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.evolution.components import component_findings
from service.evolution.trends import rank_correlation
from service.schema import CurvePoint, EpisodeEnd, EpisodeSummary, Finding, Moment, Severity, Training

TREND_POINTS = 4
"""Trends over fewer segments say nothing: three points are in order by chance once in six."""

RISING = 0.7
"""Rank correlation with the segment from which a series rises, with room for one or two steps back."""

NOT_RISING = 0.2
"""Rank correlation with the segment up to which a series does not rise."""

FLAT_POINTS = 3
"""Segments needed before a lack of progress means anything."""

FLAT_SHARE = 0.1
"""A rise by less than this share of the first fitness is no progress."""

SOLVED_RATE = 0.5
"""A policy that succeeds this often from its first segment on has nothing left to improve on."""

EARLY_PEAK = 0.7
"""A best segment in this first part of the training leaves enough after it to call what follows a decline."""

DECLINE = 0.25
"""A loss of this share of the curve's whole range is more than the scatter between evaluations."""

COLLAPSE = 0.4
"""A fall by this share of the curve's whole range between two segments is a collapse, and two of them are a pattern."""

EARLY_LENGTH = 0.5
"""Episodes that reach less than this share of the time limit show the policy too little of the task."""

ORDER = (Severity.SERIOUS, Severity.WARNING, Severity.INFO)


@dataclass(frozen=True)
class _Progress:
    """A curve's points of finite fitness `(S,)` float64, and the least rise in fitness that is more than noise."""

    points: tuple[CurvePoint, ...]
    fitness: NDArray[np.float64]
    noise: float

    @property
    def rise(self) -> float:
        """How far the best later segment lies above the first."""
        return float(np.max(self.fitness[1:]) - self.fitness[0]) if len(self.points) > 1 else 0.0

    @property
    def range(self) -> float:
        return float(np.ptp(self.fitness))

    def segment(self, place: int) -> int:
        return self.points[place].segment


def analyze(training: Training, horizon: int, dt: float) -> tuple[Finding, ...]:
    """All findings on one training, the most serious first; `horizon` in steps, `dt` in seconds per step.

    Reads the curve as far as there is one and, where the training finished, its evaluated episodes; a training without
    either has no findings. Every figure given is finite.
    """
    points = tuple(point for point in training.curve if math.isfinite(point.fitness))
    episodes = training.result.episodes if training.result else ()
    findings = [*_episode_findings(episodes, horizon, dt), *component_findings(points)]
    if points:
        progress = _Progress(points, np.array([point.fitness for point in points]), _noise(points, episodes))
        findings += [*_progress_findings(progress), _fitness_trend(progress)]
    return tuple(sorted(findings, key=lambda finding: ORDER.index(finding.severity)))


def _noise(points: Sequence[CurvePoint], episodes: Sequence[EpisodeSummary]) -> float:
    """A tenth of the first fitness or two standard errors of the final evaluation, whichever is more."""
    scores = np.array([episode.score for episode in episodes if math.isfinite(episode.score)])
    error = float(np.std(scores, ddof=1)) / math.sqrt(scores.size) if scores.size > 1 else 0.0
    return max(FLAT_SHARE * abs(points[0].fitness), 2.0 * error)


def _progress_findings(progress: _Progress) -> list[Finding]:
    hacking = _reward_hacking(progress)
    if hacking is not None:
        return [hacking]
    flat = _never_improved(progress)
    if flat is not None:
        return [flat]
    return [finding for finding in (_peaked_early(progress), _unstable(progress)) if finding is not None]


def _reward_hacking(progress: _Progress) -> Finding | None:
    """What the training optimises goes up while what the task wants does not."""
    kept = [
        (place, point.training_return)
        for place, point in enumerate(progress.points)
        if point.training_return is not None and math.isfinite(point.training_return)
    ]
    places = [place for place, _ in kept]
    returns = np.array([value for _, value in kept])
    fitness = progress.fitness[places]
    up = rank_correlation(places, list(returns), at_least=TREND_POINTS)
    with_time = rank_correlation(places, list(fitness), at_least=TREND_POINTS) or 0.0
    if up is None or up < RISING or with_time > NOT_RISING:
        return None
    parted = int(np.argmin(_standardised(returns) - _standardised(fitness)))
    verb = "falls" if with_time < -NOT_RISING else "does not rise"
    return Finding(
        code="reward_hacking",
        severity=Severity.SERIOUS,
        message=f"the reward rises while the fitness {verb}: from segment {progress.segment(places[parted])} to "
        f"{progress.segment(places[-1])} the return per episode goes from {returns[parted]:.4g} to {returns[-1]:.4g}, the "
        f"fitness from {fitness[parted]:.4g} to {fitness[-1]:.4g}; the policy earns reward without doing the task",
        value=with_time,
        moment=Moment(segment=progress.segment(places[parted])),
    )


def _never_improved(progress: _Progress) -> Finding | None:
    points = progress.points
    if len(points) < FLAT_POINTS or progress.rise > progress.noise or points[0].success_rate >= SOLVED_RATE:
        return None
    return Finding(
        code="never_improved",
        severity=Severity.SERIOUS,
        message=f"the fitness never rose above its start: {progress.fitness[0]:.4g} in segment {progress.segment(0)}, at "
        f"best {progress.rise:+.2g} from there in {len(points)} segments; the states that matter were never reached "
        "(exploration), or the reward does not tell them from the others",
        value=progress.rise,
        moment=Moment(segment=progress.segment(0)),
    )


def _peaked_early(progress: _Progress) -> Finding | None:
    if len(progress.points) < TREND_POINTS:
        return None
    best = int(np.argmax(progress.fitness))
    end = float(np.mean(progress.fitness[-2:]))
    lost = float(progress.fitness[best]) - end
    if best > EARLY_PEAK * (len(progress.points) - 1) or lost <= max(DECLINE * progress.range, progress.noise):
        return None
    return Finding(
        code="peaked_early",
        severity=Severity.WARNING,
        message=f"the fitness was best in segment {progress.segment(best)} ({progress.fitness[best]:.4g}) and fell to "
        f"{end:.4g} over the last two of {len(progress.points)} segments",
        value=lost,
        moment=Moment(segment=progress.segment(best)),
    )


def _unstable(progress: _Progress) -> Finding | None:
    if len(progress.points) < TREND_POINTS:
        return None
    falls = -np.diff(progress.fitness)
    collapses = int(np.sum(falls > max(COLLAPSE * progress.range, progress.noise)))
    if collapses < 2:
        return None
    worst = int(np.argmax(falls))
    return Finding(
        code="unstable",
        severity=Severity.WARNING,
        message=f"the fitness collapsed {collapses} times; the worst was from {progress.fitness[worst]:.4g} in segment "
        f"{progress.segment(worst)} to {progress.fitness[worst + 1]:.4g} in segment {progress.segment(worst + 1)}",
        value=float(falls[worst]),
        moment=Moment(segment=progress.segment(worst + 1)),
    )


def _fitness_trend(progress: _Progress) -> Finding:
    fitness = progress.fitness
    best = int(np.argmax(fitness))
    return Finding(
        code="fitness_trend",
        severity=Severity.INFO,
        message=f"fitness {fitness[0]:.4g} after segment {progress.segment(0)}, {fitness[-1]:.4g} after segment "
        f"{progress.segment(-1)}, best {fitness[best]:.4g} after segment {progress.segment(best)}",
        value=float(fitness[-1] - fitness[0]),
        moment=Moment(segment=progress.segment(best)),
    )


def _episode_findings(episodes: Sequence[EpisodeSummary], horizon: int, dt: float) -> list[Finding]:
    if not episodes:
        return []
    findings = [_success(episodes)]
    early = [
        (number, episode.length)
        for number, episode in enumerate(episodes)
        # Reaching the goal may end an episode too; that is no fault.
        if episode.end is EpisodeEnd.TERMINATED and episode.length < horizon and not episode.success
    ]
    if early:
        findings.append(_early_termination(early, len(episodes), horizon, dt))
    return findings


def _early_termination(early: Sequence[tuple[int, int]], of: int, horizon: int, dt: float) -> Finding:
    share = len(early) / of
    median = float(np.median([length for _, length in early]))
    number, shortest = min(early, key=lambda pair: pair[1])
    serious = share >= 0.5 and median < EARLY_LENGTH * horizon
    return Finding(
        code="early_termination",
        severity=Severity.SERIOUS if serious else Severity.WARNING,
        message=f"{len(early)} of {of} evaluated episodes terminate early, half of them by step {median:.0f} of {horizon} "
        f"({median * dt:.2f} s); the earliest is episode {number} at step {shortest} ({shortest * dt:.2f} s)",
        value=share,
        moment=Moment(episode=number, seconds=shortest * dt),
    )


def _success(episodes: Sequence[EpisodeSummary]) -> Finding:
    solved = [number for number, episode in enumerate(episodes) if episode.success]
    return Finding(
        code="success",
        severity=Severity.INFO,
        message=f"{len(solved)} of {len(episodes)} evaluated episodes succeed",
        value=len(solved) / len(episodes),
        moment=Moment(episode=solved[0] if solved else None),
    )


def _standardised(series: NDArray[np.float64]) -> NDArray[np.float64]:
    """The series `(S,)` with mean 0 and standard deviation 1; a constant one becomes all zero."""
    spread = float(np.std(series))
    return np.zeros_like(series) if spread == 0.0 else np.asarray((series - np.mean(series)) / spread)
