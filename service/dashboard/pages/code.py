"""A candidate's code and what led to it: all of it words of a model, and shown as text alone."""

from __future__ import annotations

from nicegui import ui

from service.dashboard.client import Api
from service.dashboard.components.code import difference as with_code
from service.dashboard.curves import short
from service.dashboard.frame import words
from service.dashboard.site import run_address
from service.dashboard.wording import duration, figure, percent, usd, whole
from service.schema import Candidate, Completion, ComponentVerdict, Difference, Run

FIGURES = ("mean", "std", "low", "high")


async def difference_of(api: Api, run: Run, candidate: Candidate) -> None:
    """What became of each parent's code, and of its fitness."""
    if not candidate.parents:
        ui.label("It has no parent: it was proposed on its own.").classes("rs-quiet")
    for parent in candidate.parents:
        show_difference(run, await api.difference(run.id, candidate.id, parent))


def show_difference(run: Run, difference: Difference) -> None:
    """The lines that were added and removed, each with its sign, and the change of fitness."""
    change = difference.fitness_change
    with ui.element("p"):
        ui.link(f"Against {short(difference.against)}", run_address(run.id, difference.against))
        words("span", "" if change is None else f": fitness {'+' if change > 0 else ''}{figure(change)}")
    if not difference.diff:
        ui.label("The code is the same.").classes("rs-quiet")
        return
    with_code(f"Difference against {short(difference.against)}", difference.diff)


def show_completions(completions: list[Completion]) -> None:
    """What a model was told and what it answered, attempt by attempt."""
    if not completions:
        ui.label("No model was asked for it.").classes("rs-quiet")
    for one in completions:
        usage = one.usage
        words("h3", f"Attempt {one.attempt + 1}: {one.model}, {one.state}")
        tokens = f"{whole(usage.prompt_tokens)} + {whole(usage.completion_tokens)} tokens"
        words("p", f"{tokens}, {usd(usage.usd)}, {duration(usage.latency_seconds)}").classes("rs-quiet rs-small")
        if one.error:
            words("p", one.error).classes("rs-fault")
        for message in one.messages:
            with ui.expansion(f"{message.role}: {whole(len(message.content))} characters").classes("rs-message"):
                words("pre", message.content).classes("rs-pre")
        if one.reply is not None:
            words("h3", "Reply")
            words("pre", one.reply).classes("rs-pre").props('tabindex=0 aria-label="Reply"')


def show_verdict(candidate: Candidate) -> None:
    """What the critic saw in the reward before anything was trained with it."""
    verdict = candidate.verdict
    if verdict is None:
        ui.label("It was not checked yet.").classes("rs-quiet")
        return
    ui.label("Accepted" if verdict.accepted else "Rejected").classes(
        f"rs-state rs-state-{'completed' if verdict.accepted else 'failed'}"
    )
    with ui.element("ul"):
        for fault in verdict.faults:
            words("li", f"{fault.code}{'' if fault.line is None else f', line {fault.line}'}: {fault.message}").classes(
                "rs-fault"
            )
        for note in verdict.notes:
            words("li", note)
    rows = [_row(name, one) for name, one in verdict.components.items()]
    if verdict.total is not None:
        rows.append(_row("total", verdict.total))
    columns = [
        {"name": name, "label": name, "field": name, "align": "left"}
        for name in ("component", *FIGURES, "share", "inputs")
    ]
    if rows:
        with ui.element("div").classes("rs-scroller").props('tabindex=0 role=region aria-label="Components"'):
            ui.table(columns=columns, rows=rows, row_key="component").props("flat dense wrap-cells")


def _row(name: str, verdict: ComponentVerdict) -> dict[str, str]:
    figures = {one: figure(getattr(verdict, one)) for one in FIGURES}
    return {"component": name, **figures, "share": percent(verdict.share), "inputs": ", ".join(verdict.inputs)}
