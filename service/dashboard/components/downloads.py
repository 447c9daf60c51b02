"""Files of what a page shows."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from nicegui import ui
from nicegui.element import Element
from nicegui.events import GenericEventArguments

from service.dashboard.faults import DashboardFault
from service.dashboard.tables import Column, csv_of, json_of

T = TypeVar("T")
Records = Callable[[], Awaitable[Sequence[T]]]
WRITERS = {"csv": ("text/csv", csv_of), "json": ("application/json", json_of)}


class Downloads(Element, Generic[T], component="downloads.js"):
    """Buttons that hand the browser all records as a file, named after the label; `titled`: whether that is to be seen."""

    def __init__(self, label: str, columns: Sequence[Column[T]], records: Records[T], *, titled: bool = False) -> None:
        super().__init__()
        self._columns, self._records = columns, records
        self._name = re.sub("[^a-z0-9]+", "-", label.lower()).strip("-")
        self._props["label"], self._props["titled"], self._props["endings"] = label, titled, tuple(WRITERS)
        self.on("save", self._save)

    async def _save(self, event: GenericEventArguments) -> None:
        if event.args not in tuple(WRITERS):  # from a browser, which may send anything
            return
        media_type, write = WRITERS[event.args]
        try:
            found = await self._records()
        except DashboardFault as fault:
            ui.notify(str(fault), type="negative")
            return
        # In a thread: thousands of records would keep other viewers waiting.
        content = await asyncio.to_thread(write, self._columns, found)
        ui.download.content(content.encode(errors="replace"), f"{self._name}.{event.args}", media_type)
