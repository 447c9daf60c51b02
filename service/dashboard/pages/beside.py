"""The candidates that were proposed before and after one: a way to them, for keys as well."""

from __future__ import annotations

from collections.abc import Sequence

from nicegui import ui

from service.dashboard.curves import short
from service.dashboard.site import address, run_address


class Beside:
    """Links to them, which lead to what is `shown` of this one: whoever reads code goes on reading code."""

    def __init__(self, run_id: str, shown: str) -> None:
        self._run_id, self._shown = run_id, shown
        self._links: dict[str, ui.link] = {}
        self._nav = ui.element("nav").props('aria-label="Candidates beside it"').classes("rs-row")

    def show(self, candidate_id: str, ids: Sequence[str]) -> None:
        """Those beside it among all `ids` of the run, in order."""
        if candidate_id not in ids:
            return  # it is newer than what is known of the run
        now = ids.index(candidate_id)
        wanted = [
            (ids[place], way, sign)
            for place, way, sign in ((now - 1, "prev", "← {}"), (now + 1, "next", "{} →"))
            if 0 <= place < len(ids)
        ]
        if [one for one, _, _ in wanted] == list(self._links):
            return
        self._nav.clear()
        self._links.clear()
        with self._nav:
            for other, way, sign in wanted:
                self._links[other] = ui.link(sign.format(short(other)), self._address(other))
                self._links[other].props["rel"] = way

    def keep(self, shown: str) -> None:
        """They lead to this text of theirs from now on."""
        self._shown = shown
        for other, link in self._links.items():
            link.props["href"] = self._address(other)

    def _address(self, candidate_id: str) -> str:
        return address(run_address(self._run_id, candidate_id), {"show": self._shown})
