"""A candidate's code and what led to it: all of it words of a model, and shown as text alone."""

from __future__ import annotations

from nicegui import ui

from service.dashboard.client import Api
from service.dashboard.components.code import difference as with_code
from service.dashboard.components.table import Table
from service.dashboard.curves import short
from service.dashboard.frame import words
from service.dashboard.site import run_address
from service.dashboard.tables import Column, figures
from service.dashboard.wording import duration, figure, percent, usd, whole
from service.schema import Candidate, Completion, ComponentVerdict, Difference, Fault, Run

Component = tuple[str, ComponentVerdict]
COMPONENTS: tuple[Column[Component], ...] = (
    Column("Component", lambda one: one[0]),
    figures("Mean", lambda one: one[1].mean),
    figures("Std", lambda one: one[1].std),
    figures("Low", lambda one: one[1].low),
    figures("High", lambda one: one[1].high),
    figures("Share", lambda one: one[1].share, percent),
    Column("Inputs", lambda one: ", ".join(one[1].inputs)),
)
REMARKS: tuple[Column[Fault], ...] = (
    Column("Code", lambda fault: fault.code),
    figures("Line", lambda fault: fault.line, whole),
    Column("Message", lambda fault: fault.message),
)
NOTE = "note"


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
    remarks = [*verdict.faults, *(Fault(code=NOTE, message=note) for note in verdict.notes)]
    if remarks:
        Table("Faults and notes", REMARKS, remarks)
    components = list(verdict.components.items())
    if verdict.total is not None:
        components.append(("total", verdict.total))
    if components:
        Table("Components", COMPONENTS, components)
