"""A network that can be away: what is between a browser and a server of this machine."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar
from urllib.parse import urlsplit

T = TypeVar("T")


class Relay:
    """Passes bytes on, both ways, until it is cut."""

    def __init__(self, address: str) -> None:
        there = urlsplit(address)
        self._there = there.hostname or "", there.port or 0
        self._away = False
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self.port = 0

    @contextmanager
    def between(self) -> Iterator[Relay]:
        """As long as the network is there at all."""
        thread = threading.Thread(target=self._loop.run_forever)
        thread.start()
        server = self._done(asyncio.start_server(self._pass, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            self._done(self._end(server))
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join()
            self._loop.close()

    def cut(self) -> None:
        """Breaks off all connections, and lets nobody connect."""
        self._away = True
        self._done(self._drop())

    def restore(self) -> None:
        """Lets everybody connect again."""
        self._away = False

    async def _drop(self) -> None:
        for writer in tuple(self._open):
            writer.transport.abort()

    async def _end(self, server: asyncio.Server) -> None:
        server.close()
        await self._drop()
        await asyncio.sleep(0)

    def _done(self, work: Coroutine[None, None, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=10)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._away:
            writer.transport.abort()
            return
        away, back = await asyncio.open_connection(*self._there)
        self._open |= {writer, back}
        with suppress(ConnectionError):
            await asyncio.gather(self._pump(reader, back), self._pump(away, writer))
        self._open -= {writer, back}

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while part := await source.read(65_536):
                sink.write(part)
                await sink.drain()
        sink.close()
