"""Having a candidate trained to its end that was stopped early."""

from __future__ import annotations

from collections.abc import Sequence

from nicegui import ui

from service.dashboard.client import Api
from service.dashboard.faults import DashboardFault
from service.dashboard.frame import question
from service.dashboard.wording import whole
from service.schema import Candidate, CandidateState, Run, RunState, Training


class Continuing:
    """The button for it, there as long as candidate and run are in states that allow it."""

    def __init__(self, api: Api, run: Run, candidate_id: str) -> None:
        self._api, self._run, self._candidate_id = api, run, candidate_id
        self._steps: float = run.steps
        self._button = ui.button("Continue", on_click=self._ask).props("outline no-caps dense padding='2px 10px'")

    def show(self, run: Run, candidate: Candidate, trainings: Sequence[Training]) -> None:
        """Both as they stand now, with the candidate's trainings in the search."""
        self._run = run
        self._steps = sum(run.steps * (1 - one.segments_done / one.segments) for one in trainings) or run.steps
        self._button.set_visibility(candidate.state is CandidateState.PRUNED and run.state is not RunState.CANCELLED)

    async def _ask(self) -> None:
        with question("Train it to its end?") as dialog:
            ui.label(
                f"It goes on where it was stopped: some {whole(self._steps)} environment steps more, whatever the budget says."
            )
            if self._run.state.ended:
                ui.label(f"The run, which is {self._run.state}, is worked on again and ends anew.")
            with ui.element("div").classes("rs-row"):
                ui.button("Train it", on_click=lambda: dialog.submit(True)).props("no-caps")
                ui.button("Not now", on_click=dialog.close).props("flat no-caps")
        agreed = await dialog
        if not agreed:
            return
        try:
            await self._api.continue_candidate(self._run.id, self._candidate_id)
        except DashboardFault as fault:
            ui.notify(str(fault), type="negative")
