"""What a run is about, how it stands, and what may be asked of it: pause, resume, cancel, extend."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import ui

from service.dashboard.client import Api
from service.dashboard.components.run_head import RunHead, Wish
from service.dashboard.faults import DashboardFault
from service.dashboard.frame import question
from service.schema import Extension, Run, RunState


class Steering:
    """A run's task, its state and the buttons that change it; those that its state does not allow are not there."""

    def __init__(self, api: Api, run: Run) -> None:
        self._api = api
        self._id = run.id
        self._head = RunHead(run.request.task, f"/api/v1/runs/{run.id}/export", self._wish)
        self.show(run)

    def show(self, run: Run) -> None:
        """The run as it stands now."""
        self._head.show(run.state, run.reason or "", _allowed(run.state))

    async def _wish(self, wish: Wish) -> None:
        match wish:
            case "cancel":
                await self._ask_whether()
            case "extend":
                await self._ask_how_far()
            case _:
                await self._do(lambda: self._api.steer(self._id, wish))

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
            await self._do(lambda: self._api.steer(self._id, "cancel"))

    async def _ask_how_far(self) -> None:
        with question("More iterations") as dialog:
            number = ui.number("Iterations to add", value=1, min=1, max=50, precision=0)
            with ui.element("div").classes("rs-row"):
                ui.button("Extend", on_click=lambda: dialog.submit(int(number.value or 0))).props("no-caps")
                ui.button("Not now", on_click=dialog.close).props("flat no-caps")
        iterations = await dialog
        if iterations:
            await self._do(lambda: self._api.extend(self._id, Extension(iterations=iterations)))


def _allowed(state: RunState) -> tuple[Wish, ...]:
    allowed: dict[Wish, bool] = {
        "pause": state in (RunState.QUEUED, RunState.RUNNING),
        "resume": state in (RunState.PAUSED, RunState.AWAITING_FEEDBACK),
        "extend": state is not RunState.CANCELLED,
        "cancel": not state.ended,
    }
    return tuple(wish for wish, is_allowed in allowed.items() if is_allowed)
