"""What a run would take, told before anything of it is stored or spent, and what such figures are measured by."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from service.schema.search import Frozen


class MeasuredPace(Frozen):
    """How fast recent trainings went: the median of environment steps per second over their segments, evaluations among them."""

    steps_per_second: float
    runs: int
    segments: int


class MeasuredCompletions(Frozen):
    """What recent stored completions of one model took: tokens of each, and how many there were for each reward."""

    completions: int
    per_reward: float
    mean_prompt_tokens: float
    mean_completion_tokens: float
    most_prompt_tokens: int
    most_completion_tokens: int


class DesignEstimate(Frozen):
    """What is asked of the designer. Likely: repairs and lengths as so far; at most: each reward repaired as often as allowed,
    every text as long as the longest. `basis` says where the lengths come from."""

    completions_at_least: int
    completions_likely: int
    completions_at_most: int
    prompt_tokens_likely: int
    prompt_tokens_at_most: int
    completion_tokens_likely: int
    completion_tokens_at_most: int
    usd_likely: float | None = Field(description="US dollars; null where the model's price is unknown.")
    usd_at_most: float | None
    price: str = Field(description="The model's price, or that it is unknown.")
    basis: str


class TrainingEstimate(Frozen):
    """What is trained if every reward is accepted and none stopped early; environment steps include those of evaluations."""

    search_trainings: int
    search_steps_at_most: int
    comparison_trainings: int
    comparison_steps_at_most: int
    steps_per_second: float | None = Field(
        description="As measured on this installation; null where nothing was trained yet."
    )
    minutes: float | None = Field(
        description="Of training all this at that speed; to start, to design and to check come on top."
    )
    basis: str = Field(description="Which trainings the speed was measured in.")


BudgetKind = Literal["usd", "environment_steps", "seconds"]


class BudgetReached(Frozen):
    """A limit of the budget that may end the run before its end: after so many whole iterations, `reason` says it in words."""

    budget: BudgetKind
    whole_iterations: int
    reason: str


class Estimate(Frozen):
    """What a run would take: `POST /api/v1/runs/estimate`. Of `budgets_reached` the first comes first."""

    environment: str
    designer: str
    design: DesignEstimate
    training: TrainingEstimate
    budgets_reached: tuple[BudgetReached, ...]
