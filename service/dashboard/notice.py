"""What keeps a page from being live, said on it as long as it does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from nicegui import ui

from service.dashboard.components.header import Header
from service.dashboard.faults import DashboardFault, LoggedOut


class Notice:
    """One line, there only while something is wrong; whoever is logged out meanwhile is led to the login."""

    def __init__(self, header: Header) -> None:
        self._header = header

    def tell(self, fault: DashboardFault | None) -> None:
        """Says since when the page stands still and why, or nothing more."""
        if isinstance(fault, LoggedOut):
            with self._header:
                ui.navigate.to("/login")
        if fault is None:
            self._header.tell("")
        elif not self._header.notice:
            self._header.tell(f"Not live since {datetime.now(UTC):%H:%M:%S} UTC: {fault}")

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
