"""What a part of a page shows already is not sent to its browser again: it is told how a run stands whenever that changes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from nicegui import Client
from nicegui.page import page

from service.dashboard.components.facts import Facts
from service.dashboard.components.feedback import FeedbackBox
from service.dashboard.components.run_head import RunHead, Wish


@pytest.fixture
def client() -> Iterator[Client]:
    """A page that nobody has asked for, to which nothing is to be sent yet."""
    with Client(page("/none")) as client:
        yield client
    client.delete()


async def nothing(_: str) -> None:
    """What is wished or said here has no effect."""


def test_a_state_is_sent_once(client: Client) -> None:
    allowed: list[Wish] = ["pause", "cancel"]
    head = RunHead("run", "/export", nothing)
    head.show("running", "", allowed)
    client.outbox.updates.clear()

    head.show("running", "", allowed)
    assert not client.outbox.updates

    head.show("paused", "", allowed)
    assert list(client.outbox.updates) == [head.id]


def test_what_may_be_said_is_sent_once(client: Client) -> None:
    box = FeedbackBox(nothing)
    box.show("Nobody reads it.", waits=False, is_open=True)
    client.outbox.updates.clear()

    box.show("Nobody reads it.", waits=False, is_open=True)
    assert not client.outbox.updates

    box.show("Nobody reads it.", waits=False, is_open=False)
    assert list(client.outbox.updates) == [box.id]


def test_facts_are_sent_once(client: Client) -> None:
    facts = Facts([("Steps", "5")])
    client.outbox.updates.clear()

    facts.show([("Steps", "5")])
    assert not client.outbox.updates

    facts.show([("Steps", "6")])
    assert list(client.outbox.updates) == [facts.id]
