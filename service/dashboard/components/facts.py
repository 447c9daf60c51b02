"""What is known of something: names, and what stands for each."""

from __future__ import annotations

from collections.abc import Sequence

from nicegui.element import Element

Link = tuple[str, str]
"""An address, and the words that lead there."""
Fact = tuple[str, str | tuple[Link, ...]]


class Facts(Element, component="facts.js"):
    """Facts in one element, which is told them together where one has changed."""

    def __init__(self, told: Sequence[Fact] = ()) -> None:
        super().__init__()
        self.show(told)

    def show(self, told: Sequence[Fact]) -> None:
        """Shows these instead; nothing is sent where they are the same."""
        now = tuple(told)  # since NiceGUI watches every list within its properties for changes
        if now != self._props.get("told"):
            self._props["told"] = now
