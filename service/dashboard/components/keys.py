"""Keys of a whole page: what a browser can do at once it does itself."""

from __future__ import annotations

from collections.abc import Callable

from nicegui.element import Element


class Keys(Element, component="keys.js"):
    """`/` goes to the page's search; `d` and `?` are told."""

    def __init__(self, *, on_colours: Callable[[], None], on_help: Callable[[], None]) -> None:
        super().__init__()
        self.on("colours", on_colours)
        self.on("help", on_help)
