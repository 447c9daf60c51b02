"""What happened in a run, line by line, in one element: a label of NiceGUI for each line would hold thirty objects a line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from nicegui.element import Element

from service.schema import Event

MOST: Final = 200
Row = tuple[int, str]


class EventLog(Element, component="event_log.js"):
    """The last two hundred events, oldest first; `label` names it. The browser is sent what is new alone."""

    def __init__(self, label: str, events: Sequence[Event]) -> None:
        super().__init__()
        self._props["label"], self._props["most"] = label, MOST
        self._rows: tuple[Row, ...] = ()
        self._take(events)

    def append(self, events: Sequence[Event]) -> None:
        """Adds those of the events that are newer than all shown."""
        with self._props.suspend_updates():
            fresh = self._take(events)
        if fresh:
            self.run_method("append", fresh)

    def _take(self, events: Sequence[Event]) -> tuple[Row, ...]:
        last = self._rows[-1][0] if self._rows else 0
        fresh = tuple((event.number, f"{event.at:%H:%M:%S}  {event.text}") for event in events if event.number > last)
        self._rows = (*self._rows, *fresh)[-MOST:]
        self._props["rows"] = self._rows  # a tuple, since NiceGUI watches every list within its properties for changes
        return fresh
