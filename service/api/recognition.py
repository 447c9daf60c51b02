"""Whose token it is, remembered for a second for those who read: a dashboard asks many times in one, and the database once."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

from anyio import to_thread

from service.schema import Token

SECONDS = 1.0
MOST_REMEMBERED = 1_000
"""Tokens; the one recognised longest ago is forgotten first."""


class Tokens(Protocol):
    """What knows all tokens; called from any thread."""

    def recognise(self, secret: str) -> Token | None:
        """The token with that secret, None if there is none or it is revoked. Raises `StoreUnavailable`."""


class Recognition:
    """The tokens recognised by one process. For one event loop."""

    def __init__(self, tokens: Tokens, clock: Callable[[], float] = time.monotonic) -> None:
        self._tokens, self._clock = tokens, clock
        self._remembered: OrderedDict[bytes, tuple[float, Token]] = OrderedDict()

    async def of(self, secret: str, *, reads: bool) -> Token | None:
        """The token with that secret, None if there is none or it is revoked. Raises `StoreUnavailable`.

        One that was revoked in the last second may still be recognised for whoever `reads`, and for nothing else.
        """
        digest = hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
        at, token = self._remembered.get(digest, (-SECONDS, None))
        if reads and token is not None and self._clock() - at < SECONDS:
            return token
        self._remembered.pop(digest, None)
        asked = self._clock()
        token = await to_thread.run_sync(self._tokens.recognise, secret)
        if token is not None:
            self._remembered[digest] = asked, token
            if len(self._remembered) > MOST_REMEMBERED:
                self._remembered.popitem(last=False)
        return token
