"""What happened in a run, line by line and as files, in one element: one of NiceGUI for each line would hold thirty objects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from nicegui.element import Element

from service.dashboard.components.downloads import Records, hand_out
from service.dashboard.tables import Column
from service.schema import Event

MOST: Final = 200
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
Row = tuple[int, str]


class EventLog(Element, component="event_log.js", dependencies=["downloads.js"]):
    """The last two hundred events, oldest first; files have `everything`. The browser is sent what is new alone, and keeps it."""

    def __init__(self, events: Sequence[Event], everything: Records[Event]) -> None:
        super().__init__()
        self._last = 0
        self._props["most"], self._props["rows"] = MOST, self._fresh(events)
        hand_out(self, "Events", EVENTS, everything)

    def append(self, events: Sequence[Event]) -> None:
        """Adds those of the events that are newer than all shown."""
        if fresh := self._fresh(events):
            self.run_method("append", fresh)

    def _fresh(self, events: Sequence[Event]) -> tuple[Row, ...]:
        fresh = tuple(
            (event.number, f"{event.at:%H:%M:%S}  {event.text}") for event in events if event.number > self._last
        )
        if fresh:
            self._last = fresh[-1][0]
        return fresh[-MOST:]
