"""`rewardsmith serve` in a process of its own, as a user starts it, and its dashboard's address."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

REWARDSMITH = str(Path(sys.executable).with_name("rewardsmith"))
ANSWERS_WITHIN_SECONDS = 60.0


def free_port() -> int:
    """A port that nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def served(folder: Path, *words: str, sign: str = "/api/v1/healthz", **environment: str) -> Iterator[str]:
    """The address at which that command answers; its log is in `folder`, in which its data are too."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    around = {**os.environ, "REWARDSMITH_DATA_FOLDER": str(folder), **environment}
    with (folder / f"{words[0]}.log").open("w", encoding="utf-8") as log:
        command = [REWARDSMITH, *words, "--port", str(port)]
        with subprocess.Popen(command, env=around, stdout=log, stderr=log) as server:
            address = f"http://127.0.0.1:{port}"
            try:
                _wait(server, address + sign, folder / f"{words[0]}.log")
                yield address
            finally:
                server.terminate()
                server.wait(timeout=60)


def _wait(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + ANSWERS_WITHIN_SECONDS
    while time.monotonic() < until:
        assert server.poll() is None, log.read_text(encoding="utf-8")
        try:
            if httpx.get(url, timeout=5).status_code < 500:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"{url} does not answer: {log.read_text(encoding='utf-8')}")
