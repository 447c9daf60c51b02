"""What stands around every page: a way past it for keyboards, the names of the pages, colours and keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from service.dashboard.components.header import Header
from service.dashboard.components.keys import Keys
from service.dashboard.session import COOKIE

STYLE = Path(__file__).with_name("style.css")
PAGES = (("Runs", "/"), ("New run", "/new"), ("Health", "/health"))
Key = tuple[str, str]
"""What is pressed, and what that does."""
KEYS: tuple[Key, ...] = (("d", "dark, light, or as the system"), ("?", "these keys"))
"""Of every page."""
COLOURS = "rewardsmith_colours"
DARK: dict[str | None, bool | None] = {"dark": True, "light": False}
REMEMBER: dict[bool | None, str] = {
    dark: f"document.cookie = '{COLOURS}={name}; path=/; max-age=31536000; samesite=strict'"
    for dark, name in ((True, "dark"), (False, "light"), (None, ""))
}
"""What the browser runs to remember how the colours were chosen: nothing of anybody's is in it."""
NEXT = {None: True, True: False, False: None}


@contextmanager
def frame(title: str, cookies: Mapping[str, str], understood: Sequence[Key] = ()) -> Iterator[ui.element]:
    """The page's main part within it, to be filled; keys that it has beside those of every page are told with them."""
    ui.add_css(STYLE)
    dark = ui.dark_mode(DARK.get(cookies.get(COLOURS)))
    tell_keys = partial(_tell_keys, (*understood, *KEYS))
    Header(PAGES, title, logged_in=COOKIE in cookies, on_help=tell_keys)

    def other_colours() -> None:
        dark.value = NEXT[dark.value]
        ui.run_javascript(REMEMBER[dark.value])

    Keys(on_colours=other_colours, on_help=tell_keys)
    with ui.element("main").classes("rs-main") as main:
        yield main
    ui.skip_link("To the page's content", target=main)


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


def _tell_keys(understood: Sequence[Key]) -> None:
    with question("Keys") as dialog:
        with ui.element("dl").classes("rs-list"):
            for key, does in understood:
                words("dt", key)
                words("dd", does)
        ui.button("Close", on_click=dialog.close).props("flat no-caps")
    dialog.open()
