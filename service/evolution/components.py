"""What a training's curve says about each reward component: which dominate, are dead, fight, or go with the fitness."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

from service.evolution.trends import pearson
from service.schema import ComponentSummary, CurvePoint, Finding, Moment, Severity

DOMINATING_SHARE = 0.8
"""Above this share of the reward's magnitude the other components together steer less than a quarter as much."""

DEAD_SHARE = 0.01
"""Below this share a component is lost in the noise of the advantage estimate."""

DEAD_STD = 1e-3
"""A component that varies less than this beside the most variable one tells states apart no more than a constant."""

NOTICEABLE_SHARE = 0.1
"""Components that fight matter only where both carry weight."""

FIGHTING_CORRELATION = -0.8
"""Two means that mirror each other this closely are traded against each other, not merely unrelated."""

FIGHTING_POINTS = 4
"""With three points a correlation of -0.8 is common by chance."""


def component_findings(curve: Sequence[CurvePoint]) -> list[Finding]:
    """All findings about components from a curve in order of segments; components are those of the first point."""
    if not curve:
        return []
    names = [name for name in curve[0].components if all(name in point.components for point in curve)]
    return [*_dominating(curve, names), *_dead(curve, names), *_fighting(curve, names), *_correlations(curve, names)]


def _dominating(curve: Sequence[CurvePoint], names: Sequence[str]) -> list[Finding]:
    if len(names) < 2:
        return []
    findings = []
    for name in names:
        shares = [_finite(summary.share) for summary in _of(curve, name)]
        if shares[-1] <= DOMINATING_SHARE:
            continue
        began = max((place + 1 for place, share in enumerate(shares) if share <= DOMINATING_SHARE), default=0)
        findings.append(
            Finding(
                code="dominating_component",
                severity=Severity.WARNING,
                message=f"component {name!r} makes {shares[-1]:.0%} of the reward's magnitude over {len(names)} components, "
                f"more than {DOMINATING_SHARE:.0%} since segment {curve[began].segment}",
                component=name,
                value=shares[-1],
                moment=Moment(segment=curve[began].segment),
            )
        )
    return findings


def _dead(curve: Sequence[CurvePoint], names: Sequence[str]) -> list[Finding]:
    findings = []
    for name in names:
        summaries = _of(curve, name)
        largest = max(_finite(summary.share) for summary in summaries)
        if largest < DEAD_SHARE:
            fault = f"never makes more than {largest:.2%} of the reward's magnitude"
        elif not _ever_terminated(curve) and _never_moves(curve, name):
            last = summaries[-1]
            fault = f"never moves: mean {_finite(last.mean):.3g}, standard deviation {_finite(last.std):.2g} reward per step"
        else:
            continue
        findings.append(
            Finding(
                code="dead_component",
                severity=Severity.WARNING,
                message=f"component {name!r} {fault}, in all {len(curve)} segments",
                component=name,
                value=largest,
                moment=Moment(segment=curve[-1].segment),
            )
        )
    return findings


def _ever_terminated(curve: Sequence[CurvePoint]) -> bool:
    """Where episodes terminate, a constant pays for staying alive (or for dying): it does something after all."""
    return any(point.terminated_rate > 0.0 for point in curve)


def _never_moves(curve: Sequence[CurvePoint], name: str) -> bool:
    return all(
        _finite(point.components[name].std)
        <= DEAD_STD * max(_finite(summary.std) for summary in point.components.values())
        for point in curve
    )


def _fighting(curve: Sequence[CurvePoint], names: Sequence[str]) -> list[Finding]:
    findings = []
    for first, second in combinations(names, 2):
        shares = [sum(_finite(summary.share) for summary in _of(curve, name)) / len(curve) for name in (first, second)]
        r = pearson(_means(curve, first), _means(curve, second), at_least=FIGHTING_POINTS)
        if r is None or r >= FIGHTING_CORRELATION or min(shares) < NOTICEABLE_SHARE:
            continue
        findings.append(
            Finding(
                code="fighting_components",
                severity=Severity.WARNING,
                message=f"components {first!r} and {second!r} are traded against each other: their means correlate by "
                f"{r:.2f} over {len(curve)} segments, with {shares[0]:.0%} and {shares[1]:.0%} of the reward's magnitude",
                component=first,
                value=r,
                moment=Moment(segment=curve[-1].segment),
            )
        )
    return findings


def _correlations(curve: Sequence[CurvePoint], names: Sequence[str]) -> list[Finding]:
    findings = []
    for name in names:
        r = pearson(_means(curve, name), [point.fitness for point in curve])
        if r is None:
            continue
        findings.append(
            Finding(
                code="component_correlation",
                severity=Severity.INFO,
                message=f"component {name!r} correlates with the fitness by {r:+.2f} over {len(curve)} segments",
                component=name,
                value=r,
                moment=Moment(segment=curve[-1].segment),
            )
        )
    return findings


def _of(curve: Sequence[CurvePoint], name: str) -> list[ComponentSummary]:
    return [point.components[name] for point in curve]


def _means(curve: Sequence[CurvePoint], name: str) -> list[float]:
    return [summary.mean for summary in _of(curve, name)]


def _finite(value: float) -> float:
    """Share and spread of a component that is zero throughout are 0 / 0."""
    return value if math.isfinite(value) else 0.0
