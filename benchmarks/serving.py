"""`rewardsmith api` or `rewardsmith serve` in a process of its own, for benchmarks that ask it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx


@contextmanager
def served(folder: Path, settings: Mapping[str, str], *command: str) -> Iterator[tuple[str, int]]:
    """What that command serves on a free port, over a data folder that has its log too: the address and the process's number."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = os.environ | {"REWARDSMITH_DATA_FOLDER": str(folder)} | dict(settings)
    program = [sys.executable, "-c", "from service.cli import main; main()", *command, "--port", str(port)]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(program, env=environment, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}/api/v1"
    try:
        while not _answers(address):
            if server.poll() is not None:
                raise SystemExit((folder / "server.log").read_text())
            time.sleep(0.2)
        yield address, server.pid
    finally:
        server.terminate()
        server.wait()


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/healthz").is_success
    except httpx.TransportError:
        return False
