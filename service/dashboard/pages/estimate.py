"""What a run would take, in words."""

from __future__ import annotations

from nicegui import ui

from service.dashboard.frame import words
from service.dashboard.wording import duration, usd, whole
from service.schema import OFFLINE_DESIGNERS, Estimate


def show_estimate(estimate: Estimate) -> None:
    """Money, steps and time, what they rest on, and which budget ends the run early."""
    design, training = estimate.design, estimate.training
    paid = (
        f"{usd(design.usd_likely)}, at most {usd(design.usd_at_most)}; {whole(design.completions_likely)} completions"
    )
    if estimate.designer in OFFLINE_DESIGNERS:
        paid = "nothing: no model is asked"
    minutes = "unknown until a run was trained here" if training.minutes is None else duration(60 * training.minutes)
    words("h2", "What it would take")
    with ui.element("dl").classes("rs-list"):
        for name, value in (
            ("To models", paid),
            (
                "Trainings",
                f"{whole(training.search_trainings)}, and {whole(training.comparison_trainings)} in the final comparison",
            ),
            ("Steps", f"at most {whole(training.search_steps_at_most + training.comparison_steps_at_most)}"),
            ("Time", minutes),
        ):
            words("dt", name)
            words("dd", value)
    for reached in estimate.budgets_reached:
        ui.label(f"{reached.reason} After {reached.whole_iterations} whole iterations.").classes("rs-notice")
    with ui.expansion("What that rests on"):
        for basis in (design.basis, design.price, training.basis):
            words("p", basis).classes("rs-quiet rs-small")
