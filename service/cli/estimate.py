"""What a run would take, as a person reads it."""

from __future__ import annotations

from rich.console import Console

from service.cli.tables import designer_in_words, print_table
from service.cli.terminal import clean
from service.schema import Estimate


def print_estimate(console: Console, estimate: Estimate) -> None:
    """Steps, time, completions, tokens and US dollars, where they come from, and which budget ends the run early."""
    design, training = estimate.design, estimate.training
    speed = "unknown" if training.steps_per_second is None else f"{training.steps_per_second:,.0f} steps/s"
    rows = [
        ("designer", designer_in_words(estimate.designer)),
        (
            "completions",
            f"{design.completions_at_least:,} at least, {_range(design.completions_likely, design.completions_at_most)}",
        ),
        ("prompt tokens", _range(design.prompt_tokens_likely, design.prompt_tokens_at_most)),
        ("completion tokens", _range(design.completion_tokens_likely, design.completion_tokens_at_most)),
        ("US dollars", _usd(design.usd_likely, design.usd_at_most)),
        ("price", design.price),
        ("tokens from", design.basis),
        ("search", _trainings(training.search_trainings, training.search_steps_at_most)),
        ("final comparison", _trainings(training.comparison_trainings, training.comparison_steps_at_most)),
        ("training time", "unknown" if training.minutes is None else f"{training.minutes:,.1f} minutes at {speed}"),
        ("speed from", training.basis),
    ]
    print_table(console, f"What a run in {estimate.environment} would take", ("", ""), rows)
    for reached in estimate.budgets_reached:
        console.print(clean(f" {reached.reason}"))


def _range(likely: int, most: int) -> str:
    return f"{likely:,} likely, {most:,} at most"


def _usd(likely: float | None, most: float | None) -> str:
    return "unknown" if likely is None or most is None else f"{likely:,.4f} likely, {most:,.4f} at most"


def _trainings(trainings: int, steps: int) -> str:
    return f"{trainings:,} trainings, {steps:,} environment steps at most"
