"""One candidate: its code, what became of it and why, and what the robot does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from nicegui import ui

from service.dashboard.client import Api
from service.dashboard.components.code import python_code
from service.dashboard.components.curve import CURVE_KEYS, Curve, Line
from service.dashboard.components.replay import REPLAY_KEYS, Replay
from service.dashboard.components.table import downloads
from service.dashboard.curves import levels_of, lines_of, short
from service.dashboard.faults import ApiRefused
from service.dashboard.frame import facts, heading, words
from service.dashboard.pages.code import difference_of, show_completions, show_verdict
from service.dashboard.pages.feedback import FeedbackCard
from service.dashboard.pages.files import FINDINGS
from service.dashboard.site import Site, Visit, address, run_address
from service.dashboard.wording import figure, percent
from service.schema import Candidate, CandidateState, Finding, Run, Training

POINTS = 300
KEYS = (("j, k", "the next candidate of the run, the one before"), *REPLAY_KEYS, *CURVE_KEYS)
SHOWN = ("code", "difference", "prompts", "verdict")


def install(site: Site) -> None:
    """Adds the page."""

    @site.page("/runs/{run_id}/candidates/{candidate_id}", "Candidate", KEYS)
    async def candidate(visit: Visit) -> None:
        run_id, candidate_id = visit.path["run_id"], visit.path["candidate_id"]
        run = await visit.api.run(run_id)
        found = await visit.api.candidate(run_id, candidate_id)
        ui.page_title(f"{short(candidate_id)} · {run.request.task[:60]} · Rewardsmith")
        ids = [node.id for node in (await visit.api.lineage(run_id)).candidates]
        beside = _head(run, found, ids, visit.query.get("show", ""))
        with ui.element("div").classes("rs-columns rs-wide"):
            await _texts(visit, run, found, beside)
            with ui.element("section").classes("rs-stack"):
                replay = _replay(run, found)
                _findings(found, replay)
        await _curves(visit.api, run, found)
        await FeedbackCard(visit.api, run, candidate_id).build()


def _head(run: Run, candidate: Candidate, ids: list[str], shown: str) -> dict[str, ui.link]:
    """What it is and how it stands; the links to those beside it."""
    ui.link(run.request.task, run_address(run.id)).classes("rs-quiet")
    with ui.element("div").classes("rs-row rs-spread"):
        with ui.element("div").classes("rs-row"):
            heading(f"Candidate {short(candidate.id)}")
            beside = _beside(run, candidate, ids, shown)
        ui.label(candidate.state.replace("_", " ")).classes(f"rs-state rs-state-{candidate.state}")
    if candidate.reason:
        ui.label(candidate.reason).classes("rs-notice")
    with ui.element("div").classes("rs-card"), facts(_facts(run, candidate)), ui.element("div"):
        words("dt", "Parents")
        with ui.element("dd").classes("rs-row"):
            for parent in candidate.parents:
                ui.link(short(parent), run_address(run.id, parent))
            if not candidate.parents:
                ui.label("none")
    return beside


def _facts(run: Run, candidate: Candidate) -> list[tuple[str, str]]:
    interval = candidate.fitness_interval
    between = "" if interval is None else f" (95%: {figure(interval.low)} to {figure(interval.high)})"
    return [
        ("Fitness", f"{figure(candidate.fitness)} {run.fitness.unit}".rstrip() + between),
        ("Human-normalised", figure(candidate.human_normalised)),
        ("Success rate", percent(candidate.success_rate)),
        ("Made by", candidate.origin),
    ]


def _beside(run: Run, candidate: Candidate, ids: list[str], shown: str) -> dict[str, ui.link]:
    """Links to the candidates that were proposed before and after it, by their ids."""
    now = ids.index(candidate.id)
    links = {}
    with ui.element("nav").props('aria-label="Candidates beside it"').classes("rs-row"):
        for place, way, sign in ((now - 1, "prev", "← {}"), (now + 1, "next", "{} →")):
            if 0 <= place < len(ids):
                link = ui.link(
                    sign.format(short(ids[place])), address(run_address(run.id, ids[place]), {"show": shown})
                )
                link.props["rel"] = way
                links[ids[place]] = link
    return links


async def _texts(visit: Visit, run: Run, candidate: Candidate, beside: Mapping[str, ui.link]) -> None:
    shown = visit.query.get("show", "code")
    with ui.element("section").classes("rs-card"):
        with ui.tabs().props("no-caps align=left dense") as tabs:
            for name in SHOWN:
                ui.tab(name, label=name.capitalize())

        def remember() -> None:
            wanted = {"show": str(tabs.value)}
            ui.navigate.history.replace(address(run_address(run.id, candidate.id), wanted))
            for other, link in beside.items():  # whoever reads code goes on reading code
                link.props["href"] = address(run_address(run.id, other), wanted)

        tabs.on_value_change(remember)
        with ui.tab_panels(tabs, value=shown if shown in SHOWN else "code").classes("rs-panels"):
            with ui.tab_panel("code"):
                python_code("Code", candidate.source)
            with ui.tab_panel("difference"):
                await difference_of(visit.api, run, candidate)
            with ui.tab_panel("prompts"):
                show_completions(await visit.api.completions(run.id, candidate.iteration, candidate.slot))
            with ui.tab_panel("verdict"):
                show_verdict(candidate)


def _replay(run: Run, candidate: Candidate) -> Replay | None:
    with ui.element("div").classes("rs-card"):
        words("h2", "What the robot does")
        if candidate.state is not CandidateState.TRAINED:
            ui.label("There is an episode to look at once this candidate is trained.").classes("rs-quiet")
            return None
        url = f"/api/v1{run_address(run.id, candidate.id)}/replay"
        return Replay(url, label=f"An episode of candidate {short(candidate.id)}")


def _findings(candidate: Candidate, replay: Replay | None) -> None:
    async def found() -> tuple[Finding, ...]:
        return candidate.findings

    with ui.element("div").classes("rs-card"):
        with ui.element("div").classes("rs-row"):
            words("h2", "What the analyzer found")
            if candidate.findings:
                downloads("Findings", FINDINGS, found)
        if not candidate.findings:
            ui.label("Nothing.").classes("rs-quiet")
        with ui.element("ul").classes("rs-findings"):
            for finding in candidate.findings:
                _finding(finding, replay)


def _finding(finding: Finding, replay: Replay | None) -> None:
    with ui.element("li").classes(f"rs-severity-{finding.severity}"):
        words("strong", f"{finding.severity}: ")
        words("span", finding.message)
        seconds = finding.moment.seconds
        if seconds is not None and replay is not None:
            ui.button(f"at {figure(seconds)} s", on_click=lambda: replay.seek(seconds)).props("flat dense no-caps")


async def _curves(api: Api, run: Run, candidate: Candidate) -> None:
    try:
        trainings = [one for one in await api.trainings(run.id, candidate.id, POINTS) if not one.comparison]
    except ApiRefused:
        return
    if not any(one.curve for one in trainings):
        return
    levels = levels_of(run, await api.environment(run.request.environment))
    lines = await lines_of(api, run.id, [candidate.id])
    with ui.element("section").classes("rs-columns"):
        with ui.element("div").classes("rs-card"):
            Curve(label="Fitness", x="environment steps", y=run.fitness.name, lines=lines, levels=levels)
        _components("Reward components", "mean per step", trainings[0], "mean")
        _components("Reward components by share", "share of the reward's magnitude", trainings[0], "share")


def _components(label: str, y: str, training: Training, what: Literal["mean", "share"]) -> None:
    names = dict.fromkeys(name for point in training.curve for name in point.components)
    lines = [
        Line(name, name, tuple((point.steps, getattr(point.components[name], what)) for point in training.curve))
        for name in names
    ]
    with ui.element("div").classes("rs-card"):
        Curve(label=label, x="environment steps", y=y, lines=lines)
