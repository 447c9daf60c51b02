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


def hand_out(element: Element, label: str, columns: Sequence[Column[T]], records: Records[T]) -> None:
    """Lets a browser have all records as a file, named after the label: the element's script has the buttons of downloads.js."""

    async def save(event: GenericEventArguments) -> None:
        if event.args not in tuple(WRITERS):  # from a browser, which may send anything
            return
        media_type, write = WRITERS[event.args]
        try:
            found = await records()
        except DashboardFault as fault:
            ui.notify(str(fault), type="negative")
            return
        # In a thread: thousands of records would keep other viewers waiting.
        content = await asyncio.to_thread(write, columns, found)
        name = re.sub("[^a-z0-9]+", "-", label.lower()).strip("-")
        ui.download.content(content.encode(errors="replace"), f"{name}.{event.args}", media_type)

    element.props["label"], element.props["endings"] = label, tuple(WRITERS)
    element.on("save", save)


class Downloads(Element, Generic[T], component="downloads.js"):
    """The buttons alone."""

    def __init__(self, label: str, columns: Sequence[Column[T]], records: Records[T]) -> None:
        super().__init__()
        hand_out(self, label, columns, records)
