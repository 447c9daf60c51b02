"""How a run stands, and what may be asked of it: pause, resume, cancel, extend."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal

from nicegui import ui

from service.dashboard.client import Api
from service.dashboard.faults import DashboardFault
from service.dashboard.frame import question
from service.schema import Extension, Run, RunState

Wish = Literal["pause", "resume", "cancel"]


class Steering:
    """A run's state and the buttons that change it; those that its state does not allow are not there."""

    def __init__(self, api: Api, run: Run) -> None:
        self._api, self._run = api, run
        with ui.element("div").classes("rs-row"):
            self._state = ui.label()
            self._pause = _button("Pause", self._wish("pause"))
            self._resume = _button("Resume", self._wish("resume"))
            self._extend = _button("Extend", self._ask_how_far)
            self._cancel = _button("Cancel", self._ask_whether)
            ui.link("Export", f"/api/v1/runs/{run.id}/export").props("download")
        self._reason = ui.label().classes("rs-quiet")
        self.show(run)

    def show(self, run: Run) -> None:
        """The run as it stands now."""
        self._run, state = run, run.state
        self._state.set_text(state.replace("_", " "))
        self._state.classes(replace=f"rs-state rs-state-{state}")
        self._reason.set_text(run.reason or "")
        self._reason.set_visibility(bool(run.reason))
        self._pause.set_visibility(state in (RunState.QUEUED, RunState.RUNNING))
        self._resume.set_visibility(state in (RunState.PAUSED, RunState.AWAITING_FEEDBACK))
        self._extend.set_visibility(state is not RunState.CANCELLED)
        self._cancel.set_visibility(not state.ended)

    def _wish(self, wish: Wish) -> Callable[[], Awaitable[None]]:
        async def wished() -> None:
            await self._do(lambda: self._api.steer(self._run.id, wish))

        return wished

    async def _do(self, change: Callable[[], Awaitable[Run]]) -> None:
        try:
            self.show(await change())
        except DashboardFault as fault:
            ui.notify(str(fault), type="negative")

    async def _ask_whether(self) -> None:
        with question("Cancel this run?") as dialog:
            ui.label("It ends with what it has, and cannot be resumed.")
            with ui.element("div").classes("rs-row"):
                ui.button("Cancel the run", color="negative", on_click=lambda: dialog.submit(True)).props("no-caps")
                ui.button("Let it go on", on_click=dialog.close).props("flat no-caps")
        agreed = await dialog
        if agreed:
            await self._wish("cancel")()

    async def _ask_how_far(self) -> None:
        with question("More iterations") as dialog:
            number = ui.number("Iterations to add", value=1, min=1, max=50, precision=0)
            with ui.element("div").classes("rs-row"):
                ui.button("Extend", on_click=lambda: dialog.submit(int(number.value or 0))).props("no-caps")
                ui.button("Not now", on_click=dialog.close).props("flat no-caps")
        iterations = await dialog
        if iterations:
            await self._do(lambda: self._api.extend(self._run.id, Extension(iterations=iterations)))


def _button(name: str, does: Callable[[], Awaitable[None]]) -> ui.button:
    return ui.button(name, on_click=does).props("outline no-caps dense padding='2px 10px'")
