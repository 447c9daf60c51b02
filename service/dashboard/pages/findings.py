"""What the analyzer found, each finding with a way to the moment that it speaks of."""

from __future__ import annotations

from nicegui import ui

from service.dashboard.components.downloads import Downloads
from service.dashboard.components.replay import Replay
from service.dashboard.frame import words
from service.dashboard.tables import Column
from service.dashboard.wording import figure
from service.schema import Candidate, CandidateState, Finding

FINDINGS: tuple[Column[Finding], ...] = (
    Column("Severity", lambda finding: finding.severity),
    Column("Code", lambda finding: finding.code),
    Column("Message", lambda finding: finding.message),
    Column("Component", lambda finding: finding.component),
    Column("Value", lambda finding: finding.value),
    Column("Segment", lambda finding: finding.moment.segment),
    Column("Episode", lambda finding: finding.moment.episode),
    Column("Seconds", lambda finding: finding.moment.seconds),
)
EARLY = (CandidateState.PROPOSED, CandidateState.QUEUED, CandidateState.TRAINING)


def show_findings(candidate: Candidate, replay: Replay | None) -> None:
    """All of them, or whether there will be any; a moment can be shown where there is a replay."""
    if not candidate.findings:
        early = "Nothing yet: it looks once this candidate is trained."
        ui.label(early if candidate.state in EARLY else "Nothing.").classes("rs-quiet")
        return

    async def found() -> tuple[Finding, ...]:
        return candidate.findings

    Downloads("Findings", FINDINGS, found)
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
