"""Tokens are remembered for a second, for whoever reads."""

from __future__ import annotations

import asyncio

from service.api.recognition import MOST_REMEMBERED, SECONDS, Recognition
from service.schema import Scope, Token
from service.store import Store


class Clock:
    """Stands still until it is moved; seconds."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


class Asked:
    """Recognises tokens by a store, and remembers how often."""

    def __init__(self, store: Store) -> None:
        self._tokens = store.tokens
        self.times = 0

    def recognise(self, secret: str) -> Token | None:
        """The token with that secret."""
        self.times += 1
        return self._tokens.recognise(secret)


def test_whoever_reads_is_remembered_for_a_second_and_not_longer(store: Store) -> None:
    clock, made = Clock(), store.tokens.create("lab", Scope.RUN)
    recognition = Recognition(store.tokens, clock)
    assert asyncio.run(recognition.of(made.secret, reads=True)) == made.token
    store.tokens.revoke(made.token.id)
    clock.at = SECONDS - 0.001
    assert asyncio.run(recognition.of(made.secret, reads=True)) == made.token
    clock.at = SECONDS
    assert asyncio.run(recognition.of(made.secret, reads=True)) is None


def test_whoever_changes_something_is_looked_up_each_time(store: Store) -> None:
    made = store.tokens.create("lab", Scope.RUN)
    recognition = Recognition(store.tokens, Clock())
    assert asyncio.run(recognition.of(made.secret, reads=True)) == made.token
    store.tokens.revoke(made.token.id)
    assert asyncio.run(recognition.of(made.secret, reads=False)) is None
    assert asyncio.run(recognition.of(made.secret, reads=True)) is None  # what was found out counts for readers too


def test_the_database_is_asked_once_a_second_and_always_for_what_it_does_not_know(store: Store) -> None:
    made, asked = store.tokens.create("lab", Scope.READ), Asked(store)
    recognition = Recognition(asked, Clock())
    for _ in range(3):
        assert asyncio.run(recognition.of(made.secret, reads=True)) == made.token
    assert asked.times == 1
    for _ in range(2):
        assert asyncio.run(recognition.of("rewardsmith_wrong", reads=True)) is None
    assert asked.times == 3


def test_no_more_tokens_are_remembered_than_a_process_has_room_for(store: Store) -> None:
    asked = Asked(store)
    recognition = Recognition(asked, Clock())
    secrets = [store.tokens.create("lab", Scope.READ).secret for _ in range(MOST_REMEMBERED + 1)]

    async def all_read() -> None:
        for secret in (*secrets, secrets[-1], secrets[0]):
            await recognition.of(secret, reads=True)

    asyncio.run(all_read())
    assert asked.times == MOST_REMEMBERED + 2  # each once, and the first again, which was forgotten
