"""Tables that a page shows, and files of what they have."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

from nicegui import ui
from nicegui.element import Element

from service.dashboard.faults import DashboardFault
from service.dashboard.tables import Column, csv_of, json_of
from service.dashboard.wording import figure, spark

ui.add_css(Path(__file__).with_suffix(".css"), shared=True)

T = TypeVar("T")
Records = Callable[[], Awaitable[Sequence[T]]]
Row = tuple[str | None, tuple[tuple[str, str], ...]]
"""Its address, and for each cell what is drawn and what stands for that in words, empty where it is words."""
WRITERS = (("csv", "text/csv", csv_of), ("json", "application/json", json_of))


def downloads(label: str, columns: Sequence[Column[T]], records: Records[T]) -> None:
    """Buttons that hand the browser all records as a file, named after the label."""
    name = re.sub("[^a-z0-9]+", "-", label.lower()).strip("-")

    async def save(ending: str) -> None:
        media_type, write = next((kind, write) for end, kind, write in WRITERS if end == ending)
        try:
            found = await records()
        except DashboardFault as fault:
            ui.notify(str(fault), type="negative")
            return
        # In a thread: thousands of records would keep other viewers waiting.
        content = await asyncio.to_thread(write, columns, found)
        ui.download.content(content.encode(errors="replace"), f"{name}.{ending}", media_type)

    with ui.element("div").classes("rs-table-files"):
        for ending, _, _ in WRITERS:
            button = ui.button(ending.upper(), on_click=partial(save, ending)).props("flat dense no-caps")
            button.props["aria-label"] = f"{label} as {ending.upper()}"


class Table(Element, Generic[T], component="table.js"):
    """Records as rows, and files of them; of `records` later ones replace those of before.

    `address`: where a row's `link` leads. `everything`: what files have, where that is more than what is shown. `titled`: whether
    the label is to be seen. Children in the slot `empty` stand where there are no records.
    """

    def __init__(
        self,
        label: str,
        columns: Sequence[Column[T]],
        records: Sequence[T] = (),
        *,
        address: Callable[[T], str] | None = None,
        everything: Records[T] | None = None,
        titled: bool = True,
    ) -> None:
        super().__init__()
        self._columns = tuple(column for column in columns if column.kind != "file")
        self._address = address
        self._props["label"], self._props["titled"] = label, titled
        self._props["columns"] = tuple((column.name, column.kind) for column in self._columns)
        self.show(records)
        with self:
            downloads(label, columns, everything or self._shown)

    def show(self, records: Sequence[T]) -> None:
        """Shows these instead; nothing is sent where nothing has changed."""
        self._records = records
        rows = tuple(map(self._row, records))
        if rows != self._props.get("rows"):
            self._props["rows"] = rows  # a tuple, since NiceGUI watches every list within its properties for changes

    async def _shown(self) -> Sequence[T]:
        return self._records

    def _row(self, record: T) -> Row:
        address = None if self._address is None else self._address(record)
        return address, tuple(_cell(column, record) for column in self._columns)


def _cell(column: Column[T], record: T) -> tuple[str, str]:
    value = column.value(record)
    if isinstance(value, tuple):
        return spark(value), f"{column.name}: {', '.join(map(figure, value))}"
    return column.text(record), ""
