"""`rewardsmith serve` as a user starts it: it says who may use it, works on what it is asked for, and leaves it in order."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from service.settings import Settings
from service.store import open_store

REWARDSMITH = str(Path(sys.executable).with_name("rewardsmith"))
LEAVES_WITHIN_SECONDS = 10.0
REQUEST = {
    "task": "hop forward",
    "environment": "Hopper-v5",
    "search": {"iterations": 1, "candidates": 2},
    "training": {
        "steps": 200_000,
        "environments": 2,
        "rollout_length": 250,
        "evaluation_episodes": 1,
        "ppo": {"hidden_sizes": [16], "epochs": 1, "minibatch_size": 100},
    },
}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def started(folder: Path, *words: str) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    """A server that answers, and a client of it."""
    port = free_port()
    environment = {**os.environ, "REWARDSMITH_DATA_FOLDER": str(folder)}
    command = [REWARDSMITH, *words, "--port", str(port)]
    with (
        subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as server,
        httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1", timeout=30) as client,
    ):
        try:
            wait_until_it_answers(server, client)
            yield server, client
        finally:
            server.kill()


def wait_until_it_answers(server: subprocess.Popen[str], client: httpx.Client) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        assert server.poll() is None, server.stderr.read() if server.stderr else ""
        try:
            client.get("/healthz")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the server does not answer")


def test_what_is_asked_for_over_http_is_worked_on_and_left_resumable_within_ten_seconds(tmp_path: Path) -> None:
    with started(tmp_path, "serve") as (server, client):
        run = client.post("/runs", json=REQUEST)
        assert run.status_code == 201, run.text
        run_id = run.json()["id"]
        headers = {"Accept": "text/event-stream"}
        with client.stream("GET", f"/runs/{run_id}/events", headers=headers, timeout=120) as events:
            for line in events.iter_lines():  # the stream is left open: it must not hold up the end
                if line == "event: curve_point":
                    break
            assert client.get("/readyz").status_code == 200
            server.send_signal(signal.SIGTERM)
            told = time.monotonic()
            server.wait(60)
            assert time.monotonic() - told < LEAVES_WITHIN_SECONDS
        assert server.stderr is not None
        assert "open access: whoever is on this machine may use" in server.stderr.read()
    store = open_store(Settings(data_folder=tmp_path).database_url)
    left = store.get_run(run_id)
    assert store.orchestrators.list(timedelta(days=1)) == ()  # it said goodbye
    store.close()
    assert (left.state, left.reason) == ("queued", "interrupted")


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.nip.example"])
def test_a_name_that_is_not_this_machines_own_is_not_answered(tmp_path: Path, host: str) -> None:
    with started(tmp_path, "serve") as (_, client):
        assert client.get("/runs", headers={"Host": host}).status_code == 400
        assert client.get("/runs").status_code == 200


def test_the_api_alone_asks_everybody_for_a_token(tmp_path: Path) -> None:
    environment = {**os.environ, "REWARDSMITH_DATA_FOLDER": str(tmp_path)}
    made = subprocess.run([REWARDSMITH, "token", "create", "lab"], env=environment, check=True, capture_output=True)
    with started(tmp_path, "api", "--workers", "2") as (_, client):
        assert client.get("/runs").status_code == 401
        headers = {"Authorization": f"Bearer {made.stdout.decode().strip()}"}
        assert client.get("/runs", headers=headers).json() == {"items": [], "next_cursor": None}
