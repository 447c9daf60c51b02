"""What stands around every page: a way past it for keyboards, the pages by name, colours, keys, and what is wrong with it now."""

from __future__ import annotations

from collections.abc import Sequence

from nicegui.element import Element

Named = tuple[str, str]
"""The name of a page, and its address."""
Key = tuple[str, str]
"""What is pressed, and what that does."""


class Header(Element, component="header.js", dependencies=["header_keys.js"]):
    """The pages by name, of which the one called `current` is shown now; its browser alone chooses colours, and tells the keys.

    `logged_in`: whether there is a way out.
    """

    def __init__(self, pages: Sequence[Named], current: str, keys: Sequence[Key], *, logged_in: bool) -> None:
        super().__init__()
        # Tuples, since NiceGUI watches every list within its properties for changes.
        self._props["pages"], self._props["current"], self._props["keys"] = tuple(pages), current, tuple(keys)
        self._props["loggedIn"], self._props["notice"] = logged_in, ""

    def lead_past_to(self, content: Element) -> None:
        """Has a link, there for whoever comes to it by keyboard, that goes to the content at once."""
        self._props["content"] = content.html_id

    @property
    def notice(self) -> str:
        """What is wrong with the page now, empty where nothing is."""
        return str(self._props["notice"])

    def tell(self, notice: str) -> None:
        """Says that instead; the same again is not sent."""
        if notice != self.notice:
            self._props["notice"] = notice
