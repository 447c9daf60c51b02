"""What a run's request must satisfy before anything is stored or spent: pure functions of the request and the card."""

from __future__ import annotations

from dataclasses import dataclass

from envs.card import EnvCard, card
from envs.errors import EnvironmentUnknown, MetricUnknown
from sandbox import RewardRejected, check_metric, check_reward
from service.api.errors import FieldError, RequestRefused
from service.schema import Fitness, RunRequest
from service.schema.segments import MOST_STEPS, plan_segments, smallest_training
from service.schema.tunings import tuned_request


@dataclass(frozen=True)
class Intake:
    """What follows from a request that can be done: how it is judged, and the steps of each training in whole rollouts.

    `request` is the same with every hyperparameter told.
    """

    request: RunRequest
    fitness: Fitness
    steps: int


def card_of(environment: str) -> EnvCard:
    """The card of an environment named in a request. Raises `RequestRefused` with the nearest known names."""
    try:
        return card(environment)
    except EnvironmentUnknown as error:
        raise RequestRefused([FieldError(field="environment", message=str(error))]) from error


def examine(request: RunRequest) -> Intake:
    """Resolves the fitness and the steps of a request. Raises `RequestRefused` naming every field at fault."""
    env_card = card_of(request.environment)
    request = tuned_request(env_card.family, request)
    try:
        fitness = _fitness(request, env_card)
    except MetricUnknown as error:
        raise RequestRefused([FieldError(field="fitness", message=str(error))]) from error
    steps = env_card.steps if request.training.steps is None else request.training.steps
    errors = [
        *(_metric_faults(fitness, env_card) if isinstance(request.fitness, Fitness) else ()),
        *_seed_faults(request, env_card),
        *_step_faults(request, env_card, steps),
    ]
    if errors:
        raise RequestRefused(errors)
    return Intake(request, fitness, plan_segments(env_card.max_steps, request.training, steps).steps)


def _fitness(request: RunRequest, env_card: EnvCard) -> Fitness:
    if isinstance(request.fitness, Fitness):
        return request.fitness
    metric = env_card.metrics[0] if request.fitness is None else env_card.metric(request.fitness)
    return Fitness(name=metric.name, score=metric.score, success=metric.success, unit=metric.unit)


def _metric_faults(fitness: Fitness, env_card: EnvCard) -> list[FieldError]:
    try:
        check_metric(fitness.score, fitness.success, {one.name: one.size for one in env_card.variables})
    except RewardRejected as rejected:
        return [FieldError(field="fitness", message=str(fault)) for fault in rejected.faults]
    return []


def _seed_faults(request: RunRequest, env_card: EnvCard) -> list[FieldError]:
    faults: list[FieldError] = []
    if len(request.seed_rewards) > request.search.candidates:
        places = request.search.candidates
        faults.append(
            FieldError(
                field="seed_rewards",
                message=f"{len(request.seed_rewards)} do not fit the first iteration's {places} places: "
                "give fewer, or raise search.candidates",
            )
        )
    for index, source in enumerate(request.seed_rewards):
        try:
            check_reward(source, env_card.parameters)
        except RewardRejected as rejected:
            faults += [FieldError(field=f"seed_rewards.{index}", message=str(fault)) for fault in rejected.faults]
    return faults


def _step_faults(request: RunRequest, env_card: EnvCard, steps: int) -> list[FieldError]:
    smallest = smallest_training(env_card.max_steps, request.training)
    if steps < smallest:
        message = (
            f"{steps} steps are less than one segment: {env_card.id} needs at least {smallest} with "
            f"{request.training.environments} environments and rollouts of {request.training.rollout_length} steps"
        )
        return [FieldError(field="training.steps", message=message)]
    if steps > MOST_STEPS:
        return [FieldError(field="training.steps", message=f"{steps} steps are more than the {MOST_STEPS} allowed")]
    return []
