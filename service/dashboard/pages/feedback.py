"""What people say on a run: words for the designer, and what was said and ranked before."""

from __future__ import annotations

from nicegui import ui

from service.dashboard.client import Api
from service.dashboard.curves import short
from service.dashboard.faults import DashboardFault
from service.dashboard.frame import words
from service.schema import OFFLINE_DESIGNERS, Run, RunState, Words

LATE = "The run has ended: what is said now counts once it is extended."
WAITS = "The run waits: say what should change, or rank candidates on the page that compares them, then resume it."
DEAF = "The offline designer reads no words; a model would."


async def feedback_card(api: Api, run: Run, candidate_id: str | None = None) -> None:
    """Words on a run, or on one of its candidates, and a place for more. Raises `DashboardFault`."""
    with ui.element("div").classes("rs-card"):
        words("h2", "What should change")
        if run.state is RunState.AWAITING_FEEDBACK:
            ui.label(WAITS).classes("rs-notice")
        elif run.state.ended:
            ui.label(LATE).classes("rs-quiet")
        elif run.request.designer in OFFLINE_DESIGNERS:
            ui.label(DEAF).classes("rs-quiet")
        said = ui.element("ul").classes("rs-said")
        box = ui.textarea("Words for the designer").props("autogrow outlined").classes("w-full")

        async def send() -> None:
            try:
                given = await api.say(run.id, Words(words=box.value.strip(), candidate_id=candidate_id))
            except (DashboardFault, ValueError) as fault:
                ui.notify(str(fault) if isinstance(fault, DashboardFault) else "Say something first.", type="negative")
                return
            box.value = ""
            with said:
                _line(given.words, given.author, given.candidate_id)

        ui.button("Send", on_click=send).props("outline no-caps")
        with said:
            for one in await api.feedback(run.id):
                if candidate_id in (None, one.candidate_id):
                    _line(one.words, one.author, one.candidate_id)
            for order in await api.preferences(run.id) if candidate_id is None else []:
                _line(f"ranked {', then '.join(map(short, order.ranking))}. {order.words or ''}", order.author, None)


def _line(said: str, author: str, candidate_id: str | None) -> None:
    about = "" if candidate_id is None else f" on {short(candidate_id)}"
    with ui.element("li"):
        words("p", said).classes("rs-said-words")
        words("p", f"{author}{about}").classes("rs-quiet rs-small")
