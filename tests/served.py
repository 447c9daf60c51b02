"""An application behind a real port of this machine."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp


@contextmanager
def listening(app: ASGIApp, port: int = 0) -> Iterator[str]:
    """The address at which the application answers, on a free port if none is given."""
    with socket.create_server(("127.0.0.1", port)) as listener:
        listener.setsockopt(
            socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
        )  # asyncio sets it where it made the socket itself
        # Without a configuration of its own for logs: that would close all handlers, and absl's closes what pytest reads.
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", log_config=None, lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
