"""What a run is about, how it stands, and what may be asked of it, in one element."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Literal, get_args

from nicegui.element import Element
from nicegui.events import GenericEventArguments

Wish = Literal["pause", "resume", "extend", "cancel"]
WISHES: tuple[Wish, ...] = get_args(Wish)


class RunHead(Element, component="run_head.js"):
    """The run's task as heading of its page, its state, a button for each wish that this allows, and a link to its export."""

    def __init__(self, task: str, export: str, on_wish: Callable[[Wish], Awaitable[None]]) -> None:
        super().__init__()
        self._props["task"], self._props["exported"] = task, export

        def wished(event: GenericEventArguments) -> Awaitable[None] | None:
            wish = next((one for one in WISHES if one == event.args), None)  # from a browser, which may send anything
            return None if wish is None else on_wish(wish)

        self.on("wish", wished)

    def show(self, state: str, reason: str, allowed: Sequence[Wish]) -> None:
        """Shows this state instead; nothing is sent where it is the same."""
        now = {"state": state, "reason": reason, "allowed": tuple(allowed)}
        if any(self._props.get(name) != value for name, value in now.items()):
            self._props.update(now)
