import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import event

from service.schema import Fitness, RunRequest
from service.store import Store, StoreUnavailable, open_store
from service.store.database import Database

FITNESS = Fitness(name="f", score="1", success="True")


def request(task: str = "hop") -> RunRequest:
    return RunRequest(task=task, environment="Hopper-v5")


def test_a_full_disk_is_a_clear_error_and_what_was_stored_stays_whole(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    open_store(f"sqlite:///{path}").close()
    database = Database(f"sqlite:///{path}")
    event.listen(database.engine, "connect", lambda raw, _: raw.execute("PRAGMA max_page_count = 60"))
    store = Store(database)
    stored = []

    def fill() -> None:
        for _ in range(100):
            stored.append(store.create_run(request("x" * 4000), FITNESS, 1).id)

    with pytest.raises(StoreUnavailable, match=r"runs\.db: the disk is full; free some space and resume the run"):
        fill()
    store.close()
    roomy = open_store(f"sqlite:///{path}")
    assert stored
    assert {run.id for run in roomy.list_runs(limit=200).runs} == set(stored)
    assert [len(roomy.events(run_id)) for run_id in stored] == [1] * len(stored)
    roomy.close()
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_a_read_only_database_can_be_read_and_says_that_it_cannot_be_written(tmp_path: Path) -> None:
    writable = open_store(f"sqlite:///{tmp_path}/runs.db")
    run = writable.create_run(request(), FITNESS, 1)
    read_only = open_store(f"sqlite:///file:{tmp_path}/runs.db?mode=ro&uri=true")
    assert read_only.get_run(run.id) == run
    with pytest.raises(StoreUnavailable, match="read-only; make the file and its folder writable"):
        read_only.create_run(request(), FITNESS, 1)
    read_only.close()
    writable.close()


def test_a_folder_that_cannot_be_made_is_named_with_the_setting_to_change(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreUnavailable, match=r"folder cannot be made.*REWARDSMITH_DATA_FOLDER"):
        open_store(f"sqlite:///{tmp_path}/file/runs.db")


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    notes = "These are notes.\n" * 100
    (tmp_path / "notes.txt").write_text(notes)
    with pytest.raises(StoreUnavailable, match="is not a database; choose another file"):
        open_store(f"sqlite:///{tmp_path}/notes.txt")
    assert (tmp_path / "notes.txt").read_text() == notes


def test_a_database_in_memory_is_refused_since_other_processes_could_not_see_it() -> None:
    with pytest.raises(StoreUnavailable, match="SQLite needs a file"):
        open_store("sqlite://")


@pytest.mark.parametrize("url", ["runs.db", "nosuch://user:hunter2@lab/runs", "sqlite://user:hunter2@/tmp/x.db"])
def test_what_is_no_url_of_a_database_is_refused_without_repeating_a_password(url: str) -> None:
    with pytest.raises(StoreUnavailable, match="REWARDSMITH_DATABASE_URL names no database") as refused:
        open_store(url)
    assert "hunter2" not in str(refused.value)
