"""What people said, and a place to say more, in one element."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui.element import Element
from nicegui.events import GenericEventArguments

Said = tuple[str, str]
"""The words, and who said them of what."""


class FeedbackBox(Element, component="feedback.js"):
    """All that was said, in its order. `on_send` hears of new words; while they are written the browser alone has them."""

    def __init__(self, on_send: Callable[[str], Awaitable[None]]) -> None:
        super().__init__()
        self._props["said"] = ()

        def sent(event: GenericEventArguments) -> Awaitable[None] | None:
            return (
                on_send(event.args) if isinstance(event.args, str) else None
            )  # from a browser, which may send anything

        self.on("send", sent)

    def show(self, hint: str, *, waits: bool, is_open: bool) -> None:
        """What may be said now: `waits` for it with emphasis, `is_open` with a place for it. The same again is not sent."""
        now = {"hint": hint, "waits": waits, "open": is_open}
        if any(self._props.get(name) != value for name, value in now.items()):
            self._props.update(now)

    def tell(self, said: Said) -> None:
        """Adds what was said."""
        self._props["said"] = (*self._props["said"], said)

    def clear_draft(self) -> None:
        """Empties the place for words."""
        self.run_method("clear")
