"""Keys of a whole page: what a browser can do at once it does itself."""

from __future__ import annotations

from collections.abc import Callable

from nicegui.element import Element


class Keys(Element, component="keys.js"):
    """`/` goes to the page's search, `j` and `k` through what it lists; `d` and `?` are told.

    Listed is what bears `data-listed`, by its first link. Where links are `rel` `next` and `prev`, those are followed instead.
    """

    def __init__(self, *, on_colours: Callable[[], None], on_help: Callable[[], None]) -> None:
        super().__init__()
        self.on("colours", on_colours)
        self.on("help", on_help)
