"""What the curves of a run show: its leading candidates, what they are measured by, and what was bought so far."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Literal

from service.baselines.environment import Environment
from service.baselines.stored import trained_alike
from service.dashboard.client import Api
from service.dashboard.components.curve import Level, Line
from service.schema import CandidateState, Interval, Iteration, Lineage, Run, Training

MOST = 8
POINTS = 300
Point = tuple[float, float]


def leading(lineage: Lineage) -> tuple[str, ...]:
    """Up to eight candidates: those in training, then the fittest."""
    training = [node.id for node in lineage.candidates if node.state is CandidateState.TRAINING]
    judged = [(node.fitness, node.id) for node in lineage.candidates if node.fitness is not None]
    fittest = [
        candidate_id for _, candidate_id in sorted(judged, key=lambda one: -one[0]) if candidate_id not in training
    ]
    return (*training, *fittest)[:MOST]


async def lines_of(api: Api, run_id: str, candidate_ids: Sequence[str]) -> list[Line]:
    """A line of fitness over steps for each of their trainings in the search."""
    found = await asyncio.gather(*(api.trainings(run_id, candidate_id, POINTS) for candidate_id in candidate_ids))
    return [
        line
        for candidate_id, trainings in zip(candidate_ids, found, strict=True)
        for line in fitness_lines(candidate_id, searched(trainings))
    ]


def searched(trainings: Sequence[Training]) -> list[Training]:
    """Those of the search: the final comparison trains its winner anew, from other seeds."""
    return [one for one in trainings if not one.comparison]


def fitness_lines(candidate_id: str, trainings: Sequence[Training]) -> list[Line]:
    """A line of fitness over steps for each of a candidate's trainings."""
    return [
        Line(one.id, _name(candidate_id, one, len(trainings)), tuple((at.steps, at.fitness) for at in one.curve))
        for one in trainings
    ]


def component_lines(training: Training, figure: Literal["mean", "share"]) -> list[Line]:
    """A line over steps for each reward component that a training has told of."""
    names = dict.fromkeys(name for point in training.curve for name in point.components)
    return [
        Line(
            name,
            name,
            tuple(
                (point.steps, getattr(point.components[name], figure))
                for point in training.curve
                if name in point.components
            ),
        )
        for name in names
    ]


def short(candidate_id: str) -> str:
    """Its iteration and slot: what a candidate's id has beside its run's."""
    return "-".join(candidate_id.rsplit("-", 2)[1:])


def levels_of(run: Run, environment: Environment) -> list[Level]:
    """The human and the sparse reward's fitness: of the run's own comparison, else of a baseline trained as it is."""
    if run.comparison is not None:
        others = [one for one in run.comparison.rewards if one.reward != "candidate"]
        return [_level(one.reward, one.interval) for one in others]
    for baseline in environment.baselines:
        alike = trained_alike(baseline.config, run.request.training) and baseline.steps == run.steps
        if alike and baseline.fitness == run.fitness.name:
            return [_level("human", baseline.human), _level("sparse", baseline.sparse)]
    return []


def best_so_far(iterations: Sequence[Iteration], spent: Callable[[Iteration], float]) -> list[Line]:
    """The best fitness after each iteration, over all that was `spent` until then."""
    points: list[Point] = []
    total, best = 0.0, float("-inf")
    for iteration in iterations:
        total += spent(iteration)
        if iteration.best is not None:
            best = max(best, iteration.best)
            points.append((total, best))
    return [Line("best", "best so far", tuple(points))]


def _name(candidate_id: str, training: Training, trainings: int) -> str:
    name = short(candidate_id)
    return name if trainings == 1 else f"{name}, seed {training.seed}"


def _level(name: str, interval: Interval) -> Level:
    return Level(f"{name} reward", interval.mean, interval.low, interval.high)
