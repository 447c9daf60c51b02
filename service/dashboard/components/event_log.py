"""What happened in a run, line by line, in one element: a label of NiceGUI for each line would hold thirty objects a line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from nicegui.element import Element

from service.schema import Event

MOST: Final = 200
Row = tuple[int, str]


class EventLog(Element, component="event_log.js"):
    """The last two hundred events, oldest first; `label` names it. The browser is sent what is new alone, and keeps it."""

    def __init__(self, label: str, events: Sequence[Event]) -> None:
        super().__init__()
        self._last = 0
        self._props["label"], self._props["most"] = label, MOST
        self._props["rows"] = self._fresh(events)

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
