"""What of a run goes into files though no table shows it: candidates, events, findings."""

from __future__ import annotations

from service.dashboard.tables import Column
from service.schema import Event, Finding, Node

CANDIDATES: tuple[Column[Node], ...] = (
    Column("Candidate", lambda node: node.id),
    Column("Iteration", lambda node: node.iteration),
    Column("Slot", lambda node: node.slot),
    Column("State", lambda node: node.state),
    Column("Origin", lambda node: node.origin),
    Column("Parents", lambda node: " ".join(node.parents)),
    Column("Fitness", lambda node: node.fitness),
    Column("Success rate", lambda node: node.success_rate),
)
EVENTS: tuple[Column[Event], ...] = (
    Column("Number", lambda event: event.number),
    Column("At", lambda event: event.at),
    Column("Kind", lambda event: event.kind),
    Column("Text", lambda event: event.text),
    Column("Iteration", lambda event: event.iteration),
    Column("Candidate", lambda event: event.candidate_id),
    Column("Training", lambda event: event.training_id),
    Column("State", lambda event: event.state),
    Column("Fitness", lambda event: event.fitness),
    Column("Steps", lambda event: event.steps),
    Column("Steps per second", lambda event: event.steps_per_second),
)
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
