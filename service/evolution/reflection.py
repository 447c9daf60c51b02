"""Turns what a training showed into the words of the next prompt: reward reflection (Eureka, arXiv:2310.12931, section 3.3).

A single fitness says nothing of why. Each component followed over training says which one the policy could move, which
one it ignored, and which one it was bought by.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from service.schema import Candidate, CurvePoint, EpisodeEnd, Training, TrainingResult

MOST_POINTS: Final = 10
MOST_NOTES: Final = 8
_LONGEST_NAME: Final = 64
_LONGEST_REASON: Final = 200


def reflect(candidate: Candidate, training: Training, stopped: Sequence[Candidate] = ()) -> str:
    """One candidate's training in words and figures; nothing in it depends on anything but the arguments.

    `training` is the one that stands for all its seeds; `stopped` are the candidates of its iteration that were stopped early.
    Figures over training stand in order from beginning to end, at most ten, evenly spaced, the last one always among them.
    """
    head = f"Trained for {training.segments_done} of {training.segments} segments."
    points = _spread(training.curve)
    if not points:
        why = training.reason or candidate.reason
        return f"{head} No figures: {_line(why) if why else 'it did not come to its first evaluation'}."
    lines = [
        f"{head} Figures are taken at {len(points)} moments, after {points[0].steps} to {points[-1].steps} environment steps.",
        "",
        *_progress(points),
        "",
        "Each reward component, its mean per step as it enters the total:",
        *_components(points),
    ]
    if training.result is not None:
        lines += ["", *_outcome(training.result), *_over_seeds(candidate)]
    if candidate.verdict is not None and candidate.verdict.notes:
        notes = candidate.verdict.notes[:MOST_NOTES]
        lines += [
            "",
            "Seen before any training, on recorded transitions:",
            *(f"- {' '.join(n.split())}" for n in notes),
        ]
    if training.reason:
        lines += ["", f"The training ended: {_line(training.reason)}"]
    if stopped:
        lines += ["", "Other rewards of its iteration were stopped early, because their fitness was too low:"]
        lines += [f"- candidate {one.id}: {_line(one.reason or '', _LONGEST_REASON)}" for one in stopped[:MOST_NOTES]]
    return "\n".join(lines)


def _progress(points: Sequence[CurvePoint]) -> list[str]:
    followed: tuple[tuple[str, Callable[[CurvePoint], float | None]], ...] = (
        ("fitness", lambda point: point.fitness),
        ("success rate", lambda point: point.success_rate),
        ("episode length in steps", lambda point: point.episode_length),
        ("share of episodes that end early", lambda point: point.terminated_rate),
        ("sum of rewards per episode", lambda point: point.training_return),
    )
    return [_series(name, [read(point) for point in points]) for name, read in followed]


def _components(points: Sequence[CurvePoint]) -> list[str]:
    names = dict.fromkeys(name for point in points for name in point.components)
    lines = []
    for name in names:
        figures = [point.components[name] for point in points if name in point.components]
        share = f"; {figures[-1].share:.0%} of the reward's magnitude at the end"
        lines.append(_series(_line(name), [figure.mean for figure in figures]) + share)
    return lines


def _series(name: str, values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return f"- {name}: not known"
    listed = ", ".join("-" if value is None else f"{value:.3g}" for value in values)
    mean = sum(known) / len(known)
    return f"- {name}: [{listed}], mean {mean:.3g}, min {min(known):.3g}, max {max(known):.3g}"


def _outcome(result: TrainingResult) -> list[str]:
    lines = [
        f"Its best policy, after segment {result.best_segment}, on fresh episodes: fitness {result.fitness:.4g}, "
        f"success rate {result.success_rate:.0%}."
    ]
    if result.episodes:
        lengths = [episode.length for episode in result.episodes]
        early = sum(episode.end is EpisodeEnd.TERMINATED for episode in result.episodes)
        lines.append(
            f"Of {len(lengths)} such episodes {early} ended early; they lasted {min(lengths)} to {max(lengths)} steps, "
            f"with scores from {min(e.score for e in result.episodes):.4g} to {max(e.score for e in result.episodes):.4g}."
        )
    return lines


def _over_seeds(candidate: Candidate) -> list[str]:
    interval = candidate.fitness_interval
    if interval is None:
        return []
    return [
        f"That was the best of its seeds; over all of them the fitness is {interval.mean:.4g} on average, "
        f"95% interval {interval.low:.4g} to {interval.high:.4g}."
    ]


def _spread(curve: Sequence[CurvePoint]) -> list[CurvePoint]:
    if len(curve) <= MOST_POINTS:
        return list(curve)
    last = len(curve) - 1
    return [curve[round(at * last / (MOST_POINTS - 1))] for at in range(MOST_POINTS)]


def _line(text: str, longest: int = _LONGEST_NAME) -> str:
    """Text of others on one line: a component's name is written by a model."""
    plain = " ".join(text.split())
    return plain if len(plain) <= longest else f"{plain[: longest - 1]}…"
