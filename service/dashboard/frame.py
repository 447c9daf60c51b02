"""What every page has: what stands around it, its heading, and dialogs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from service.dashboard.components.header import Header, Key
from service.dashboard.notice import Notice
from service.dashboard.session import COOKIE

STYLE = Path(__file__).with_name("style.css")
PAGES = (("Runs", "/"), ("New run", "/new"), ("Health", "/health"))
KEYS: tuple[Key, ...] = (("d", "dark, light, or as the system"), ("?", "these keys"))
"""Of every page."""


class Framed(NamedTuple):
    """What is a page's own."""

    main: ui.element
    notice: Notice


@contextmanager
def frame(title: str, cookies: Mapping[str, str], understood: Sequence[Key] = ()) -> Iterator[Framed]:
    """The page within it, to be filled; keys that it has beside those of every page are told with them."""
    ui.add_css(STYLE)
    header = Header(PAGES, title, (*understood, *KEYS), logged_in=COOKIE in cookies)
    with ui.element("main").classes("rs-main") as main:
        header.lead_past_to(main)
        yield Framed(main, Notice(header))


def words(tag: str, said: str) -> TextElement:
    """An element that holds nothing but words, which are shown as they are."""
    return TextElement(tag=tag, text=said)


def heading(said: str) -> TextElement:
    """What the page is about."""
    return words("h1", said)


@contextmanager
def question(asked: str) -> Iterator[ui.dialog]:
    """A dialog of that name, to be filled and then opened or awaited; it goes once it is closed."""
    with ui.dialog() as dialog, ui.card():
        dialog.props["aria-label"] = asked
        dialog.on("hide", dialog.delete)  # not before: it gives the focus back to where it was
        words("h2", asked)
        yield dialog
