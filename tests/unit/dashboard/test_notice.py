"""What keeps a page from being live is said in its header from when it began, and as long as it does."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from nicegui import Client
from nicegui.page import page

from service.dashboard.components.header import Header
from service.dashboard.faults import ApiAway
from service.dashboard.notice import Notice


@pytest.fixture
def header() -> Iterator[Header]:
    """That of a page that nobody has asked for."""
    with Client(page("/none")) as client:
        yield Header((), "Runs", (), logged_in=False)
    client.delete()


def test_it_says_the_first_reason_until_nothing_is_wrong(header: Header) -> None:
    notice = Notice(header)
    notice.tell(ApiAway("the API does not answer"))
    said = header.notice
    assert said.startswith("Not live since ")
    assert said.endswith(" UTC: the API does not answer")

    notice.tell(ApiAway("it answers with nothing"))
    assert header.notice == said

    notice.tell(None)
    assert header.notice == ""


def test_the_faults_of_work_are_said_and_go_with_the_first_that_is_done(header: Header) -> None:
    faults = [ApiAway("the API does not answer")]

    async def work() -> None:
        if faults:
            raise faults.pop()

    again = Notice(header).kept(work)
    asyncio.run(again())
    assert header.notice.endswith("the API does not answer")
    asyncio.run(again())
    assert header.notice == ""
