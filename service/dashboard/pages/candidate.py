"""One candidate: its code, what became of it and why, and what the robot does; live while it is trained."""

from __future__ import annotations

from nicegui import ui

from service.dashboard.client import Api
from service.dashboard.components.code import python_code
from service.dashboard.components.curve import CURVE_KEYS
from service.dashboard.components.facts import Fact, Facts
from service.dashboard.components.replay import REPLAY_KEYS, Replay
from service.dashboard.curves import POINTS, levels_of, searched, short
from service.dashboard.following import Standing
from service.dashboard.frame import heading, words
from service.dashboard.pages.beside import Beside
from service.dashboard.pages.code import difference_of, show_completions, show_verdict
from service.dashboard.pages.continuing import Continuing
from service.dashboard.pages.feedback import FeedbackCard
from service.dashboard.pages.findings import show_findings
from service.dashboard.pages.learning import Learning
from service.dashboard.part import Part
from service.dashboard.site import Site, Visit, address, run_address
from service.dashboard.wording import figure, percent
from service.schema import Candidate, CandidateState, Event, Run, Training

KEYS = (("j, k", "the next candidate of the run, the one before"), *REPLAY_KEYS, *CURVE_KEYS)
SHOWN = ("code", "difference", "prompts", "verdict")


def install(site: Site) -> None:
    """Adds the page."""

    @site.page("/runs/{run_id}/candidates/{candidate_id}", "Candidate", KEYS)
    async def show(visit: Visit) -> None:
        run_id, candidate_id = visit.path["run_id"], visit.path["candidate_id"]
        standing = await visit.following.standing(visit.api, run_id)  # first: what happens from here on is told
        await _CandidatePage(visit, standing, *await _known(visit.api, run_id, candidate_id)).build()


class _CandidatePage:
    def __init__(self, visit: Visit, standing: Standing, candidate: Candidate, trainings: list[Training]) -> None:
        self._visit, self._api = visit, visit.api
        self._run, self._lineage = standing.run, standing.lineage
        self._candidate, self._trainings = candidate, trainings
        self._replay: Replay | None = None

    async def build(self) -> None:
        run, candidate = self._run, self._candidate
        ui.page_title(f"{short(candidate.id)} · {run.request.task[:60]} · Rewardsmith")
        self._head()
        levels = levels_of(run, await self._api.environment(run.request.environment))
        with ui.element("div").classes("rs-columns rs-wide"):
            self._texts()
            with ui.element("section").classes("rs-stack"):
                with ui.element("div").classes("rs-card"):
                    words("h2", "What the robot does")
                    self._motion = Part()
                with ui.element("div").classes("rs-card"):
                    words("h2", "What the analyzer found")
                    self._findings = Part()
        self._learning = Learning(run, candidate.id, levels)
        self._feedback = FeedbackCard(self._api, run.id, candidate.id)
        await self._feedback.build(run)
        await self._show()
        leave = self._visit.following.follow(self._api, run.id, run.last_event, self._take, self._visit.notice.tell)
        ui.context.client.on_delete(leave)

    def _head(self) -> None:
        ui.link(self._run.request.task, run_address(self._run.id)).classes("rs-quiet")
        with ui.element("div").classes("rs-row rs-spread"):
            with ui.element("div").classes("rs-row"):
                heading(f"Candidate {short(self._candidate.id)}")
                self._beside = Beside(self._run.id, self._visit.query.get("show", ""))
            with ui.element("div").classes("rs-row"):
                self._state = ui.label().props("role=status")
                self._continuing = Continuing(self._api, self._run, self._candidate.id)
        self._reason = ui.label().classes("rs-notice")
        with ui.element("div").classes("rs-card"):
            self._facts = Facts()

    def _texts(self) -> None:
        shown = self._visit.query.get("show", "code")
        here = run_address(self._run.id, self._candidate.id)
        with ui.element("section").classes("rs-card"):
            with ui.tabs().props("no-caps align=left dense") as tabs:
                for name in SHOWN:
                    ui.tab(name, label=name.capitalize())

            def remember() -> None:
                ui.navigate.history.replace(address(here, {"show": str(tabs.value)}))
                self._beside.keep(str(tabs.value))

            tabs.on_value_change(remember)
            self._panels: dict[str, Part] = {}
            with ui.tab_panels(tabs, value=shown if shown in SHOWN else "code").classes("rs-panels"):
                for name in SHOWN:
                    with ui.tab_panel(name):
                        self._panels[name] = Part()

    async def _take(self, events: list[Event], standing: Standing | None) -> None:
        if standing is not None:
            self._run, self._lineage = standing.run, standing.lineage
        if any(event.candidate_id == self._candidate.id for event in events):
            self._candidate, self._trainings = await _known(self._api, self._run.id, self._candidate.id)
        elif standing is None:
            return
        await self._show()

    async def _show(self) -> None:
        """The candidate as it stands now: what has changed of it, and points that are new."""
        candidate = self._candidate
        self._state.set_text(candidate.state.replace("_", " "))
        self._state.classes(replace=f"rs-state rs-state-{candidate.state}")
        self._reason.set_text(candidate.reason or "")
        self._reason.set_visibility(bool(candidate.reason))
        self._beside.show(candidate.id, [node.id for node in self._lineage.candidates])
        self._continuing.show(self._run, candidate, self._trainings)
        self._feedback.show(self._run)
        self._learning.show(self._trainings)
        self._facts.show(_facts(self._run, candidate))
        trained = candidate.state is CandidateState.TRAINED
        await self._motion.show(trained, self._show_motion)
        await self._findings.show((candidate.findings, candidate.state), lambda: show_findings(candidate, self._replay))
        await self._panels["code"].show(candidate.source, lambda: _show_code(candidate))
        await self._panels["verdict"].show((candidate.verdict,), lambda: show_verdict(candidate))
        await self._panels["difference"].show(
            (candidate.source, candidate.parents, candidate.fitness),
            lambda: difference_of(self._api, self._run, candidate),
        )
        await self._panels["prompts"].show((candidate.source,), self._show_prompts)

    async def _show_prompts(self) -> None:
        one = self._candidate
        show_completions(await self._api.completions(self._run.id, one.iteration, one.slot))

    def _show_motion(self) -> None:
        if self._candidate.state is not CandidateState.TRAINED:
            ui.label("There is an episode to look at once this candidate is trained.").classes("rs-quiet")
            return
        url = f"/api/v1{run_address(self._run.id, self._candidate.id)}/replay"
        self._replay = Replay(url, label=f"An episode of candidate {short(self._candidate.id)}")


async def _known(api: Api, run_id: str, candidate_id: str) -> tuple[Candidate, list[Training]]:
    candidate = await api.candidate(run_id, candidate_id)
    return candidate, searched(await api.trainings(run_id, candidate_id, POINTS))


def _show_code(candidate: Candidate) -> None:
    python_code("Code", candidate.source)


def _facts(run: Run, candidate: Candidate) -> list[Fact]:
    interval = candidate.fitness_interval
    between = "" if interval is None else f" (95%: {figure(interval.low)} to {figure(interval.high)})"
    return [
        ("Fitness", f"{figure(candidate.fitness)} {run.fitness.unit}".rstrip() + between),
        ("Human-normalised", figure(candidate.human_normalised)),
        ("Success rate", percent(candidate.success_rate)),
        ("Made by", candidate.origin),
        ("Parents", tuple((run_address(run.id, parent), short(parent)) for parent in candidate.parents)),
    ]
