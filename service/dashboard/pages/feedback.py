"""What people say on a run: words for the designer, and what was said and ranked before."""

from __future__ import annotations

from nicegui import ui

from service.dashboard.client import Api
from service.dashboard.components.feedback import FeedbackBox
from service.dashboard.curves import short
from service.dashboard.faults import DashboardFault
from service.schema import OFFLINE_DESIGNERS, Feedback, Preference, Run, RunState, Words

LATE = "The run has ended, and nobody would hear of it: extend the run to say more."
WAITS = "The run waits: say what should change, or compare candidates and rank them, then resume it."
DEAF = "The offline designer reads no words; a model would."


class FeedbackCard:
    """Words on a run, or on one of its candidates, and a place for more as long as somebody would hear them."""

    def __init__(self, api: Api, run_id: str, candidate_id: str | None = None) -> None:
        self._api, self._run_id, self._candidate_id = api, run_id, candidate_id

    async def build(self, run: Run) -> None:
        """Shows what was said, and what may be as the run stands. Raises `DashboardFault`."""
        self._box = FeedbackBox(self._send)
        about = self._candidate_id
        for given in await self._api.feedback(run.id):
            if about in (None, given.candidate_id):
                self._tell(given)
        for order in await self._api.preferences(run.id):
            if about is None or about in order.ranking:
                self._tell(order)
        self.show(run)

    def show(self, run: Run) -> None:
        """What may be said, as the run stands now."""
        hint = LATE if run.state.ended else DEAF if run.request.designer in OFFLINE_DESIGNERS else ""
        if run.state is RunState.AWAITING_FEEDBACK:
            hint = WAITS
        self._box.show(hint, waits=run.state is RunState.AWAITING_FEEDBACK, is_open=not run.state.ended)

    async def _send(self, written: str) -> None:
        said = written.strip()
        if not said:
            ui.notify("Say something first.", type="warning")
            return
        try:
            given = await self._api.say(self._run_id, Words(words=said, candidate_id=self._candidate_id))
        except (DashboardFault, ValueError) as fault:  # more words than it may be
            ui.notify(str(fault), type="negative")
            return
        self._box.clear_draft()
        self._tell(given)

    def _tell(self, given: Feedback | Preference) -> None:
        if isinstance(given, Preference):
            said = f"Ranked {', then '.join(map(short, given.ranking))}. {given.words or ''}".rstrip()
        else:
            said = given.words
        about = f" on {short(given.candidate_id)}" if isinstance(given, Feedback) and given.candidate_id else ""
        self._box.tell((said, f"{given.author}{about}, iteration {given.iteration}"))
