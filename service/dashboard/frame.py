"""What stands around every page: a way past it for keyboards, the names of the pages, colours and keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

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
    keys = _keys((*understood, *KEYS))
    with ui.element("header").classes("rs-header"):
        ui.link("Rewardsmith", "/").classes("rs-brand")
        with ui.element("nav").props('aria-label="Pages"'):
            for name, target in PAGES:
                ui.link(name, target).props("aria-current=page" if name == title else "")
        ui.button("Keys", on_click=keys.open).props("flat no-caps dense").classes("rs-keys")
        if COOKIE in cookies:
            with ui.element("form").props("method=post action=/logout"):
                words("button", "Log out").props("type=submit").classes("rs-quiet-button")

    def other_colours() -> None:
        dark.value = NEXT[dark.value]
        ui.run_javascript(REMEMBER[dark.value])

    def tell_keys() -> None:
        keys.open()

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


def facts(told: Iterable[tuple[str, str]]) -> ui.element:
    """What is known of something: names, and what stands for each; more may be added to it."""
    with ui.element("dl").classes("rs-facts") as listed:
        for name, value in told:
            with ui.element("div"):
                words("dt", name)
                words("dd", value)
    return listed


@contextmanager
def dialog_of(title: str) -> Iterator[ui.dialog]:
    """A dialog of that name, closed, to be filled."""
    with ui.dialog() as dialog, ui.card():
        dialog.props["aria-label"] = title
        words("h2", title)
        yield dialog


@contextmanager
def question(asked: str) -> Iterator[ui.dialog]:
    """A dialog for one answer, to be filled with what may be said and then awaited."""
    with dialog_of(asked) as dialog:
        dialog.on("hide", dialog.delete)  # not before: it gives the focus back to where it was
        yield dialog


def _keys(understood: Sequence[Key]) -> ui.dialog:
    with dialog_of("Keys") as dialog:
        with ui.element("dl").classes("rs-list"):
            for key, does in understood:
                words("dt", key)
                words("dd", does)
        ui.button("Close", on_click=dialog.close).props("flat no-caps")
    return dialog
