"""What stands above every page."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nicegui.element import Element

Named = tuple[str, str]
"""The name of a page, and its address."""


class Header(Element, component="header.js"):
    """The pages by name, of which the one called `current` is shown now, and who asks what its keys do.

    `logged_in`: whether there is a way out.
    """

    def __init__(self, pages: Sequence[Named], current: str, *, logged_in: bool, on_help: Callable[[], None]) -> None:
        super().__init__()
        self._props["pages"], self._props["current"], self._props["loggedIn"] = tuple(pages), current, logged_in
        self.on("help", on_help)
