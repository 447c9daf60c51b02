"""A part of a page that follows what it shows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import ui


class Part:
    """What stands here is made anew where what it shows has changed, and else left as it is."""

    def __init__(self) -> None:
        self._place = ui.element("div").classes("rs-part")
        self._shown: object = None

    async def show(self, what: object, build: Callable[[], Awaitable[None] | None]) -> None:
        """Builds it of `what`, unless it is built of that. What `build` raises goes on, and it is built at the next call."""
        if what == self._shown:
            return
        self._shown = None
        self._place.clear()
        with self._place:
            built = build()
            if built is not None:
                await built
        self._shown = what
