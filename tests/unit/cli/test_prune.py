from __future__ import annotations

import json

import pytest

from service.artifacts import ArtifactStore
from service.schema import Fitness, RunRequest
from service.settings import Settings
from service.store import Store
from tests.unit.cli.shell import Shell


@pytest.fixture
def ended_run(store: Store) -> str:
    request = RunRequest(task="hop", environment="Hopper-v5")
    run_id = store.create_run(request, Fitness(name="speed", score="1.0", success="True"), 100_000).id
    store.request_state(run_id, "cancel")
    ArtifactStore(Settings().artifacts_url).put(f"runs/{run_id}/policy", b"1234")
    return run_id


def pruned(shell: Shell, *words: str) -> dict[str, object]:
    code, out, err = shell("prune", "--json", *words)
    assert (code, err) == (0, "")
    return dict(json.loads(out))


def test_nothing_goes_before_days_are_given(shell: Shell, store: Store, ended_run: str) -> None:
    told = pruned(shell)
    assert told == {"dry_run": False, "runs": [], "files": 0, "artifact_bytes": 0, "database_bytes": 0}
    assert pruned(shell, "--runs-older-than", "1")["runs"] == []
    assert store.get_run(ended_run).id == ended_run


def test_a_dry_run_says_what_would_go_and_leaves_it(shell: Shell, store: Store, ended_run: str) -> None:
    expected = {"dry_run": True, "runs": [ended_run], "files": 1, "artifact_bytes": 4, "database_bytes": None}
    for _ in range(2):
        assert pruned(shell, "--runs-older-than", "0", "--dry-run") == expected
    assert shell("prune", "--runs-older-than", "0", "--dry-run")[1] == "would delete 1 runs and 1 files of 4 bytes\n"


def test_the_settings_say_how_long_things_are_kept_and_options_say_otherwise(
    shell: Shell, ended_run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REWARDSMITH_KEEP_RUNS_DAYS", "0")
    assert pruned(shell, "--runs-older-than", "1")["runs"] == []
    assert pruned(shell)["runs"] == [ended_run]


@pytest.mark.parametrize("option", ["--older-than", "--runs-older-than"])
def test_days_are_none_or_more(shell: Shell, option: str) -> None:
    assert option in shell.refused("prune", option, "-1")
