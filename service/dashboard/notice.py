"""What keeps a page from being live, said on it as long as it does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from nicegui import ui

from service.dashboard.faults import DashboardFault, LoggedOut


class Notice:
    """One line, there only while something is wrong; whoever is logged out meanwhile is led to the login."""

    def __init__(self) -> None:
        self._line = ui.label().classes("rs-notice").props("role=status")
        self._line.set_visibility(False)

    def tell(self, fault: DashboardFault | None) -> None:
        """Says since when the page stands still and why, or nothing more."""
        if isinstance(fault, LoggedOut):
            with self._line:
                ui.navigate.to("/login")
        if fault is not None and not self._line.visible:
            self._line.set_text(f"Not live since {datetime.now(UTC):%H:%M:%S} UTC: {fault}")
        self._line.set_visibility(fault is not None)

    def kept(self, work: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        """The work, whose faults are said here."""

        async def done() -> None:
            try:
                await work()
            except DashboardFault as fault:
                self.tell(fault)
            else:
                self.tell(None)

        return done
