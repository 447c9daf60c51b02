"""Components of the dashboard on a page of their own, under the dashboard's own style and policy.

`python -m tests.browser.stage NAME PORT [WORDS]` serves what `tests/browser/stages/NAME.py` installs.
"""

from __future__ import annotations

import importlib
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import uvicorn
from fastapi import FastAPI
from nicegui import ui

from service.dashboard.session import Guarded

START_SECONDS = 60.0


@contextmanager
def staged(name: str, log: Path, *words: str) -> Iterator[str]:
    """The address of a stage in a process of its own, which ends with it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tests.browser.stage", name, str(port), *words]
    with log.open("w") as told, subprocess.Popen(command, stdout=told, stderr=told) as process:
        try:
            _await(port, process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _await(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    transport = httpx.HTTPTransport(retries=0)
    with httpx.Client(transport=transport, timeout=START_SECONDS) as client:
        while process.poll() is None:
            try:
                client.get(f"http://127.0.0.1:{port}/").raise_for_status()
            except httpx.ConnectError:
                continue
            return
    raise AssertionError(f"the stage ended with {process.returncode}: {log.read_text()}")


def main(name: str, port: str, *words: str) -> None:
    """Serves a stage until the process is ended."""
    app = FastAPI()
    importlib.import_module(f"tests.browser.stages.{name}").install(app, *words)
    ui.run_with(app, title="Stage", tailwind=False, dark=None, language="en-US", show_welcome_message=False)
    uvicorn.run(Guarded(app), host="127.0.0.1", port=int(port), log_level="warning")


if __name__ == "__main__":
    main(*sys.argv[1:])
