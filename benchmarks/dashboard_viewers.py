"""Viewers of one page of the dashboard without browsers, for `benchmarks.dashboard`: each is built a page and told what is new.

    python -m benchmarks.dashboard_viewers ADDRESS PATH VIEWERS

They speak as NiceGUI's own script does: one websocket each, every message counted and told to be had. Says `watching` once all of
them are; ends when its input does, with one line of JSON: the messages that each received.
"""

from __future__ import annotations

import ast
import asyncio
import json
import re
import sys
from typing import Final
from urllib.parse import urlencode
from uuid import uuid4

import aiohttp
import socketio

QUERY: Final = re.compile(r"^ *query: (\{.*\}),$", re.MULTILINE)
TOLD_EVERY_SECONDS: Final = 3.0


class Viewer:
    """One page, built for it alone, and its websocket."""

    def __init__(self) -> None:
        self.received = 0
        self._next = 0
        self._socket = socketio.AsyncClient(reconnection=False)
        self._socket.on("*", self._take)

    async def look(self, address: str, path: str) -> None:
        """Asks for the page and connects; afterwards it is sent what is new."""
        async with aiohttp.ClientSession() as http, http.get(address + path) as answer:
            found = QUERY.search(await answer.text())
        if found is None:
            raise ValueError(f"expected a page of NiceGUI with its query at {path}, got {answer.status} without")
        page: dict[str, str | int | bool] = ast.literal_eval(found[1])  # which NiceGUI writes as Python does
        self._query = page | {"document_id": str(uuid4()), "tab_id": str(uuid4()), "old_tab_id": ""}
        told = {key: value if isinstance(value, str) else json.dumps(value) for key, value in self._query.items()}
        await self._socket.connect(
            f"{address}?{urlencode(told)}", socketio_path="/_nicegui_ws/socket.io", transports=["websocket"]
        )

    async def acknowledge(self) -> None:
        """Says what has arrived, so that the server need not keep it."""
        await self._socket.emit("ack", {"client_id": self._query["client_id"], "next_message_id": self._next})

    async def leave(self) -> None:
        """Closes the page."""
        await self._socket.disconnect()

    async def _take(self, _: str, message: dict[str, object]) -> None:
        number = message.get("_id")
        if isinstance(number, int):
            self.received, self._next = self.received + 1, number + 1


async def watch(address: str, path: str, count: int) -> list[int]:
    """What each viewer has received when the input ends."""
    viewers = [Viewer() for _ in range(count)]
    for viewer in viewers:
        await viewer.look(address, path)
    sys.stdout.write("watching\n")
    sys.stdout.flush()
    ended = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    while not ended.done():
        await asyncio.wait([ended], timeout=TOLD_EVERY_SECONDS)
        for viewer in viewers:
            await viewer.acknowledge()
    for viewer in viewers:
        await viewer.leave()
    return [viewer.received for viewer in viewers]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(watch(sys.argv[1], sys.argv[2], int(sys.argv[3])))) + "\n")
