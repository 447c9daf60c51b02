"""The deployment of docker-compose.yml as bare processes: PostgreSQL, Ray, API and orchestrators, each of which can be killed."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import httpx
import psutil

from tests.descendants import below, kill

BIN = Path(sys.executable).parent
PATIENCE_SECONDS = 120.0


class Deployment:
    """One database served by an API and two orchestrators that share a Ray cluster. A context manager.

    What is killed is started again at once, as a container is by its restart policy.
    """

    def __init__(self, folder: Path, database_url: str, cluster: RayCluster, model_url: str) -> None:
        folder.mkdir()
        self.database_url, self.data_folder = database_url, folder / "data"
        self._log = (folder / "log").open("a+b")
        self._environment = {
            **os.environ,
            **ray_environment(cluster.token),
            "RAY_ADDRESS": cluster.address,
            "REWARDSMITH_DATA_FOLDER": str(self.data_folder),
            "REWARDSMITH_DATABASE_URL": database_url,
            "REWARDSMITH_LEASE_SECONDS": "5",
            "REWARDSMITH_MODEL_BASE_URL": model_url,
        }
        self.port = free_port()
        self._commands = {
            "api": ["api", "--port", str(self.port)],
            "orchestrator 1": ["orchestrator"],
            "orchestrator 2": ["orchestrator"],
        }
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Deployment:
        subprocess.run([BIN / "rewardsmith", "migrate"], env=self._environment, check=True)
        for name in self._commands:
            self._start(name)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            process.wait(PATIENCE_SECONDS)
        if value is not None:
            self._log.seek(0)
            print(self._log.read().decode(errors="replace")[-20_000:])
        self._log.close()

    @property
    def names(self) -> tuple[str, ...]:
        """What can be killed."""
        return tuple(self._commands)

    def token(self) -> str:
        """A new token of scope `run`."""
        command = [BIN / "rewardsmith", "token", "create", "chaos", "--scope", "run"]
        made = subprocess.run(command, env=self._environment, check=True, capture_output=True, text=True)
        return made.stdout.strip()

    def kill(self, name: str) -> None:
        """SIGKILL for a process and its children, and another in its place."""
        with suppress(ProcessLookupError):
            os.killpg(self._processes[name].pid, signal.SIGKILL)
        self._processes[name].wait(PATIENCE_SECONDS)
        self._start(name)

    def restart_the_dead(self) -> None:
        """Starts what ended by itself, as an orchestrator does whose Ray has gone."""
        for name, process in self._processes.items():
            if process.poll() is not None:
                self._start(name)

    def _start(self, name: str) -> None:
        command = [BIN / "rewardsmith", *self._commands[name]]
        self._processes[name] = subprocess.Popen(
            command, env=self._environment, stdout=self._log, stderr=self._log, start_new_session=True
        )


class RayCluster:
    """A Ray cluster of one node on this machine that asks for a token. A context manager."""

    def __init__(self, folder: Path, cores: int) -> None:
        self.token = secrets.token_hex(32)
        self.address = f"127.0.0.1:{free_port()}"
        self._log = (folder / "ray.log").open("ab")
        port = self.address.partition(":")[2]
        self._command = [BIN / "ray", "start", "--head", "--node-ip-address=127.0.0.1", f"--port={port}", "--block"]
        self._command += [f"--num-cpus={cores}", "--include-dashboard=false"]

    def __enter__(self) -> RayCluster:
        environment = {**os.environ, **ray_environment(self.token)}
        self._process = subprocess.Popen(
            self._command, env=environment, stdout=self._log, stderr=self._log, start_new_session=True
        )
        until(lambda: _listens(self.address), "Ray does not listen")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        kill(psutil.Process(self._process.pid).children(recursive=True))
        self._process.kill()
        self._process.wait(PATIENCE_SECONDS)
        self._log.close()

    def kill_workers(self) -> int:
        """SIGKILL for whatever trains at this moment; how many were killed."""
        return kill(below("ray::_train", self._process.pid))


def ray_environment(token: str) -> dict[str, str]:
    """What each process that speaks to the Ray cluster has in its environment."""
    return {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token, "RAY_USAGE_STATS_ENABLED": "0"}


def until(true: Callable[[], bool], otherwise: str) -> None:
    """Waits for something to be true. Raises `TimeoutError`."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(otherwise)
        time.sleep(0.05)


def answers(port: int) -> bool:
    """Whether the API answers."""
    try:
        return httpx.get(f"http://127.0.0.1:{port}/api/v1/healthz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _listens(address: str) -> bool:
    host, _, port = address.partition(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError:
        return False
    return True
