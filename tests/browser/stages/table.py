"""Tables: three records at `/`, of which files have four, none at `/none`."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import FastAPI
from nicegui import ui

from service.dashboard.components.table import Table
from service.dashboard.faults import ApiAway
from service.dashboard.frame import frame
from service.dashboard.tables import Column, figures

Record = tuple[str, str, float | None, tuple[float | None, ...]]
HOSTILE = "=<img src=x onerror='window.struck=true'>{{constructor.constructor('window.struck=true')()}}"
COLUMNS: tuple[Column[Record], ...] = (
    Column("Id", lambda one: f"id-{one[0]}", "file"),
    Column("Name", lambda one: one[0], "link"),
    Column("State", lambda one: one[1], "state"),
    figures("Figure", lambda one: one[2]),
    Column("Course", lambda one: one[3], "course"),
)
RECORDS: tuple[Record, ...] = (
    (HOSTILE, "awaiting_feedback", 1.23456, (1.0, None, 2.5)),
    ("second", "running", None, ()),
    ("third", "failed", -2.0, (1.0,)),
)


def install(_: FastAPI) -> None:
    """Adds the pages."""

    async def everything() -> Sequence[Record]:
        return (*RECORDS, ("fourth", "queued", 4.0, ()))

    async def away() -> Sequence[Record]:
        raise ApiAway("the API does not answer")

    @ui.page("/")
    def three() -> None:
        with frame("Stage", {}):
            table = Table("Some things", COLUMNS, RECORDS, address=lambda one: f"/none?{one[1]}", everything=everything)
            ui.button("One goes", on_click=lambda: table.show(RECORDS[1:]))
            Table("Not to be had", COLUMNS, RECORDS, everything=away)

    @ui.page("/none")
    def none() -> None:
        with frame("Stage", {}), Table("Nothing yet", COLUMNS).add_slot("empty"):
            ui.label("There is nothing.")
