"""Tables that a page shows, and files of what they have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

from nicegui import ui
from nicegui.element import Element

from service.dashboard.components.downloads import Records, hand_out
from service.dashboard.tables import Column
from service.dashboard.wording import figure, spark

ui.add_css(Path(__file__).with_suffix(".css"), shared=True)

T = TypeVar("T")
Row = tuple[str | None, tuple[tuple[str, str], ...]]
"""Its address, and for each cell what is drawn and what stands for that in words, empty where it is words."""


class Table(Element, Generic[T], component="table.js", dependencies=["downloads.js"]):
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
        self._props["titled"] = titled
        self._props["columns"] = tuple((column.name, column.kind) for column in self._columns)
        self.show(records)
        hand_out(self, label, columns, everything or self._shown)

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
