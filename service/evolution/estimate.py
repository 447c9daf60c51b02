"""What a run would take, from its request and from what runs before it took."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, get_args

from envs.card import EnvCard
from service.evolution.budget_forecast import Comparison, Course, budgets_reached
from service.evolution.design_estimate import design_of
from service.llm.prices import ModelPrice
from service.schema import (
    Estimate,
    Fitness,
    MeasuredCompletions,
    MeasuredPace,
    RewardKind,
    RunRequest,
    TrainingEstimate,
)
from service.schema.segments import plan_segments

REWARDS: Final = len(get_args(RewardKind))


@dataclass(frozen=True)
class Known:
    """What is known before a run: how fast trainings of `pace_of` went, what completions of its designer took and cost, and
    whether a stored baseline spares it the training of human and sparse reward."""

    pace: MeasuredPace | None
    pace_of: str
    completions: MeasuredCompletions | None
    price: ModelPrice | None
    stored_baseline: bool


@dataclass(frozen=True)
class Training:
    """One training: its environment steps at most, and its seconds, None where no speed was measured."""

    steps: int
    seconds: float | None


def estimate(card: EnvCard, request: RunRequest, fitness: Fitness, steps: int, known: Known) -> Estimate:
    """What a request would take whose trainings have `steps` environment steps each, in whole rollouts."""
    iterations, seeds = request.search.iterations, request.training.comparison_seeds
    one = one_training(card, request, steps, known.pace)
    each = request.search.candidates * request.training.seeds
    compared = seeds * (1 if known.stored_baseline else REWARDS)
    design = design_of(card, request, fitness, known.completions, known.price)
    # The comparison begins only where the budget allows for all three rewards, whatever is stored.
    wanted = Comparison(compared * one.steps, seeds * REWARDS * steps) if seeds else None
    courses = [Course("environment_steps", [each * one.steps] * iterations, wanted)]
    if (usd := design.usd_at_most()) is not None:
        courses.append(Course("usd", usd, Comparison(0.0, 0.0) if seeds else None))
    if one.seconds is not None:
        lasts = Comparison(compared * one.seconds, 0.0) if seeds else None
        courses.append(Course("seconds", [each * one.seconds] * iterations, lasts))
    search = iterations * each
    return Estimate(
        environment=card.id,
        designer=request.designer,
        design=design.estimate(request),
        training=TrainingEstimate(
            search_trainings=search,
            search_steps_at_most=search * one.steps,
            comparison_trainings=compared,
            comparison_steps_at_most=compared * one.steps,
            steps_per_second=None if known.pace is None else known.pace.steps_per_second,
            minutes=None if one.seconds is None else (search + compared) * one.seconds / 60,
            basis=_basis(known),
        ),
        budgets_reached=budgets_reached(request.budget, courses),
    )


def one_training(card: EnvCard, request: RunRequest, steps: int, pace: MeasuredPace | None) -> Training:
    """A training from its first segment to the confirmation of its policy, where no episode of an evaluation ends early."""
    config = request.training
    plan = plan_segments(card.max_steps, config, steps)
    evaluation = plan.segments * config.evaluation_episodes * card.max_steps
    confirmation = config.confirmation_episodes * card.max_steps
    # The time of the evaluations after each segment is in the measured speed already.
    seconds = None if pace is None else (plan.steps + confirmation) / pace.steps_per_second
    return Training(plan.steps + evaluation + confirmation, seconds)


def _basis(known: Known) -> str:
    pace = known.pace
    if pace is None:
        return "unknown: nothing has been trained on this installation yet"
    return (
        f"the median of {pace.segments:,} segments of the last {pace.runs} runs in {known.pace_of} on this installation"
    )
