"""A browser, and pages in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from service.store import Store, open_store
from tests.browser.dashboard import served

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.skip(f"there is no {CHROMIUM}: apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        page = context.new_page()
        mistakes: list[str] = []
        page.on("pageerror", lambda error: mistakes.append(str(error)))
        yield page
    assert mistakes == []  # of our scripts, whatever else the test was about


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the server of a module's tests keeps its data in."""
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="module")
def store(folder: Path) -> Iterator[Store]:
    """Its runs, for a test to write into."""
    opened = open_store(f"sqlite:///{folder}/rewardsmith.db")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def site(folder: Path, store: Store) -> Iterator[str]:
    """The address of its dashboard."""
    with served(folder, "serve") as address:
        yield address
