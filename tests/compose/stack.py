"""One docker-compose project in a folder of its own, and its API."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

import httpx

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 900.0


class Stack:
    """The services of a clone, and a `token` once one was made.

    A context manager that removes containers and volumes, and shows the logs of what went wrong.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.token = folder, ""
        self._api = httpx.Client(base_url="http://127.0.0.1:8000/api/v1", timeout=60)

    def __enter__(self) -> Stack:
        subprocess.run(["make", "--silent", ".env"], cwd=self.folder, check=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._api.close()
        if value is not None:
            print(self.compose("ps", check=False).stdout)
            print(self.compose("logs", "--no-color", "--tail=40", check=False).stdout)
        self.compose("down", "--volumes", "--remove-orphans", check=False)

    def compose(
        self, *words: str, environment: Mapping[str, str] | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """One command of docker-compose."""
        done = subprocess.run(
            ["docker-compose", *words],
            cwd=self.folder,
            env={**os.environ, **(environment or {})},
            capture_output=True,
            text=True,
            check=False,
        )
        assert not check or done.returncode == 0, f"docker-compose {' '.join(words)}: {done.stderr[-3000:]}"
        return done

    def containers(self, *services: str) -> list[str]:
        """Their ids."""
        return self.compose("ps", "--quiet", *services).stdout.split()

    def inspect(self, container: str) -> dict[str, dict[str, dict[str, list[dict[str, str]]]]]:
        """What Docker knows of a container."""
        shown = subprocess.run(["docker", "inspect", container], capture_output=True, text=True, check=True)
        found: list[dict[str, dict[str, dict[str, list[dict[str, str]]]]]] = json.loads(shown.stdout)
        return found[0]

    def kill_one(self, service: str) -> None:
        """SIGKILL for one of a service's containers."""
        subprocess.run(["docker", "kill", self.containers(service)[0]], check=True, stdout=subprocess.DEVNULL)

    def stop_one(self, service: str) -> float:
        """SIGTERM for one of a service's containers, as docker-compose sends it; seconds until it has ended."""
        (container,) = self.containers(service)
        begun = datetime.now(UTC)
        self.compose("stop", service)
        shown = subprocess.run(
            ["docker", "inspect", "--format", "{{.State.FinishedAt}} {{.State.ExitCode}}", container],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        ended, code = shown.stdout.split()
        assert code == "0", f"{service} ended with code {code}: 137 means that it had to be killed"
        return (datetime.fromisoformat(ended) - begun).total_seconds()

    def memory(self) -> dict[str, str]:
        """What each container uses."""
        form = ["docker", "stats", "--no-stream", "--format", "{{.Name}} {{.MemUsage}}", *self.containers()]
        lines = subprocess.run(form, capture_output=True, text=True, check=True).stdout.splitlines()
        return {name: rest.split(" / ")[0] for name, _, rest in (line.partition(" ") for line in lines)}

    def make_token(self) -> None:
        """A token for what is asked from here on."""
        made = self.compose("exec", "-T", "api", "rewardsmith", "token", "create", "test", "--scope", "run")
        self.token = made.stdout.strip()
        self._api.headers["Authorization"] = f"Bearer {self.token}"

    def answers(self) -> bool:
        """Whether the API answers."""
        try:
            return self._api.get("/healthz").status_code == 200
        except httpx.TransportError:
            return False

    def submit(self, request: Mapping[str, object]) -> str:
        """A new run's id."""
        made = self._api.post("/runs", json=request)
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    def state(self, run_id: str) -> str:
        """The run's state."""
        return str(self._api.get(f"/runs/{run_id}").raise_for_status().json()["state"])

    def segments(self, run_id: str) -> int:
        """How many segments of its trainings are stored."""
        found = self._api.get(f"/runs/{run_id}/trainings").raise_for_status().json()
        return sum(training["segments_done"] for training in found)

    def until(self, run_id: str, what: str, true: Callable[[], bool]) -> None:
        """Waits for something to be true of a run."""
        end = time.monotonic() + PATIENCE_SECONDS
        while not true():
            assert time.monotonic() < end, f"run {run_id} is not {what}"
            time.sleep(0.5)
