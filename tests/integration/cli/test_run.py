"""The main job as a user has it: begun, interrupted, taken up again, exported."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from service.schema import Fitness, RunRequest, RunState
from service.settings import Settings
from service.store import open_store, process_owner

# The command that is installed beside the interpreter: `python -m` would put the user's folder first on the path.
# FetchReach's episodes last 50 steps, so that a segment is short: 2048 steps in 8 environments.
REWARDSMITH = str(Path(sys.executable).with_name("rewardsmith"))
SIZES = ["--iterations=1", "--candidates=2", "--steps=2048", "--seeds=1", "--seed=3"]
BEGIN = ["run", "--env=FetchReach-v4", "--task=bring the \x1b[31mgripper to the goal", *SIZES, "--json"]


def as_in_a_terminal() -> None:
    """What a shell starts in the background ignores Ctrl-C, the tests and all that they start included."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def begin(words: list[str], folder: Path) -> subprocess.Popen[str]:
    environment = os.environ | {"REWARDSMITH_DATA_FOLDER": str(folder / "data"), "REWARDSMITH_TRAINING_CORES": "2"}
    return subprocess.Popen(
        [REWARDSMITH, *words],
        cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        preexec_fn=as_in_a_terminal,
    )  # fmt: skip


@pytest.mark.timeout(280)
def test_a_run_is_interrupted_taken_up_again_and_exported(tmp_path: Path) -> None:
    (tmp_path / "envs").mkdir()
    (tmp_path / "envs" / "__init__.py").write_text("raise ImportError('a folder of the user, not ours')\n")
    first = begin(BEGIN, tmp_path)
    assert first.stderr is not None
    run_id = next(first.stderr).split()[1]
    while "training" not in next(first.stderr):
        pass
    os.killpg(first.pid, signal.SIGINT)  # as a terminal does: the workers and the sandbox get it too
    out, err = first.communicate(timeout=120)
    assert (first.returncode, out) == (130, "")
    assert f"rewardsmith resume {run_id}" in err

    second = begin(["resume", run_id, "--json"], tmp_path)
    out, err = second.communicate(timeout=240)
    assert second.returncode == 0, err
    assert "\x1b" not in err
    figures = json.loads(out)
    assert figures["run"]["state"] == "completed"
    assert [iteration["trained"] for iteration in figures["iterations"]] == [2]
    assert [len(reward["fitness"]) for reward in figures["run"]["comparison"]["rewards"]] == [1, 1, 1]

    exported = tmp_path / figures["export"]
    assert sorted(path.name for path in exported.iterdir()) == [
        "candidates", "curves.png", "policy.json", "policy.py", "policy.safetensors", "report.md", "request.json", "reward.py",
        "wrapper.py",
    ]  # fmt: skip

    third = begin(["resume", run_id], tmp_path)
    out, err = third.communicate(timeout=60)
    assert (third.returncode, out) == (2, "")
    assert "completed" in err


def test_a_run_that_a_server_on_the_same_database_was_first_with_is_watched_to_its_end(tmp_path: Path) -> None:
    store = open_store(Settings(data_folder=tmp_path / "data").database_url)
    fitness = Fitness(name="speed", score="1.0", success="True")
    run = store.create_run(RunRequest(task="hop", environment="Hopper-v5"), fitness, 100_000)
    claim = store.claim(process_owner(), 3600.0, run.id)
    assert claim is not None
    command = begin(["resume", run.id, "--json"], tmp_path)
    assert command.stderr is not None
    while "worked on by another process: this command looks on" not in next(command.stderr):
        pass
    store.writer(claim).set_run_state(RunState.COMPLETED, "done by the server")
    out, err = command.communicate(timeout=120)
    assert command.returncode == 0, err
    assert json.loads(out)["run"]["state"] == "completed"
    assert (tmp_path / json.loads(out)["export"] / "report.md").is_file()
    store.close()
