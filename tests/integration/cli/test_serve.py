"""`rewardsmith serve` as a user starts it: it says who may use it, works on what it is asked for, and leaves it in order."""

from __future__ import annotations

import json
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
REQUESTS = 20
ANSWERED = (
    f'rewardsmith_http_request_duration_seconds_count{{method="GET",route="/api/v1/runs",status="200"}} {REQUESTS}.0'
)
REQUEST = {
    "task": "hop forward",
    "environment": "Hopper-v5",
    "search": {"iterations": 1, "candidates": 2},
    "training": {
        "steps": 200_000,
        "environments": 2,
        "rollout_length": 300,
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
        lines = [json.loads(line) for line in server.stderr.read().splitlines()]
    assert any(line["message"].startswith("open access: whoever is on this machine may use") for line in lines)
    of_run = [line["message"] for line in lines if line.get("run_id") == run_id]
    assert of_run[0] == "run claimed, fencing token 1"
    assert of_run[-1] == "run left queued: interrupted"
    design = [line for line in lines if line.get("step") == "Design"]
    assert [line["message"].partition(":")[0] for line in design] == ["step begun", "step done"]
    stored = [line for line in lines if line["message"] == "completion stored"]
    assert {line["candidate_id"] for line in stored} == {f"{run_id}-1-0", f"{run_id}-1-1"}
    assert all((line["run_id"], line["iteration"], line["model"]) == (run_id, 1, "offline") for line in stored)
    asked = next(line for line in lines if line.get("method") == "POST")
    assert (asked["route"], asked["status"], asked["request_id"]) == ("/api/v1/runs", 201, run.headers["x-request-id"])
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


def test_the_api_alone_asks_everybody_for_a_token_and_all_its_processes_count_together(tmp_path: Path) -> None:
    environment = {**os.environ, "REWARDSMITH_DATA_FOLDER": str(tmp_path)}
    made = subprocess.run([REWARDSMITH, "token", "create", "lab"], env=environment, check=True, capture_output=True)
    token = made.stdout.decode().strip()
    with started(tmp_path, "api", "--workers", "2") as (server, client):
        headers = {"Authorization": f"Bearer {token}"}
        assert client.get("/runs/%1b[31mforged%0A{}").status_code == 401
        assert client.get("/runs", headers={"Authorization": f"Bearer {token[:-1]}"}).status_code == 401
        for _ in range(REQUESTS):
            with httpx.Client(base_url=client.base_url, headers=headers) as another:  # any process takes the connection
                assert another.get("/runs").json() == {"items": [], "next_cursor": None}
        counted = {client.get("/metrics", headers=headers).text.count(ANSWERED) for _ in range(4)}
        assert counted == {1}
        server.send_signal(signal.SIGTERM)
        assert server.stderr is not None
        lines = [json.loads(line) for line in server.stderr.read().splitlines()]
    assert token[:-1] not in str(lines)
    assert "forged" not in str(lines)
    answered = [line for line in lines if line.get("route") == "/api/v1/runs" and line["status"] == 200]
    assert len(answered) == REQUESTS
    assert sum(line["message"].startswith("refused: somebody at 127.0.0.1") for line in lines) == 2


def test_a_database_that_cannot_be_used_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "rewardsmith.db").mkdir()
    environment = {**os.environ, "REWARDSMITH_DATA_FOLDER": str(tmp_path)}
    ended = subprocess.run([REWARDSMITH, "api", "--workers", "2"], env=environment, capture_output=True, check=False)
    assert ended.returncode == 3
    [line] = [json.loads(line) for line in ended.stderr.splitlines()]
    assert (line["level"], line["logger"]) == ("ERROR", "service.cli.serving")
    assert "rewardsmith.db" in line["message"]
