"""Commands as a client of a server, as a user has it: left with Ctrl-C, and patient while the server is away."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from fastapi import FastAPI

from service.app import create_app
from service.artifacts import ArtifactStore
from service.schema import Fitness, RunRequest, RunState, Scope
from service.settings import Settings
from service.store import Store, open_store, process_owner
from tests.served import listening

AN_HOUR = 3600.0
FITNESS = Fitness(name="speed", score="1.0", success="True")
HEAVY = ["jax", "ray", "litellm", "sqlmodel", "fastapi", "envpool", "mujoco"]
COMMAND = f"""
import json, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # which what a shell starts in the background has not
from service.cli import main
try:
    main(sys.argv[1:])
finally:
    print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]), file=sys.stderr)
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(Settings(data_folder=tmp_path / "server").database_url)
    yield opened
    opened.close()


@pytest.fixture
def application(store: Store, tmp_path: Path) -> FastAPI:
    settings = Settings(data_folder=tmp_path / "server")
    return create_app(settings, store, ArtifactStore(settings.artifacts_url), lambda _: None)


@contextmanager
def begun(store: Store, address: str, folder: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    named = {"REWARDSMITH_URL": address, "REWARDSMITH_TOKEN": store.tokens.create("lab", Scope.RUN).secret}
    environment = {**os.environ, **named, "REWARDSMITH_DATA_FOLDER": str(folder / "here")}
    command = [sys.executable, "-c", COMMAND, *words, "--json"]
    with subprocess.Popen(
        command, env=environment, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def read_until(process: subprocess.Popen[str], words: str) -> str:
    assert process.stderr is not None
    return next(line for line in process.stderr if words in line)


def test_a_run_on_a_server_outlives_ctrl_c_and_nothing_heavy_was_loaded_to_ask_for_it(
    store: Store, application: FastAPI, tmp_path: Path
) -> None:
    words = ["run", "--env=Hopper-v5", "--task=hop"]
    with listening(application) as address, begun(store, address, tmp_path, *words) as process:
        run_id = read_until(process, "run r-").split()[1]
        claim = store.claim(process_owner(), AN_HOUR, run_id)
        assert claim is not None
        store.writer(claim).start_iteration(1)
        read_until(process, "iteration 1")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    told, heavy = err.splitlines()[-2:]
    assert told == (
        f"rewardsmith: run {run_id} goes on at {address}; watch it: rewardsmith watch {run_id}, "
        f"end it: rewardsmith cancel {run_id}"
    )
    assert json.loads(heavy) == []
    assert store.heartbeat(claim, AN_HOUR).wanted is None  # whoever works on it is not told to stop
    assert not (tmp_path / "here").exists()


def test_who_watches_a_run_gets_its_end_though_the_server_was_away(
    store: Store, application: FastAPI, tmp_path: Path
) -> None:
    run_id = store.create_run(RunRequest(task="hop", environment="Hopper-v5"), FITNESS, 100_000).id
    with ExitStack() as stack:
        with listening(application) as address:
            process = stack.enter_context(begun(store, address, tmp_path, "watch", run_id))
            read_until(process, "run r-")
        read_until(process, "cannot be reached")
        claim = store.claim(process_owner(), AN_HOUR, run_id)
        assert claim is not None
        store.writer(claim).set_run_state(RunState.COMPLETED)
        stack.enter_context(listening(application, int(address.rpartition(":")[2])))
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "answered again after" in err
    assert "completed" in err
    assert json.loads(out)["run"]["state"] == "completed"
