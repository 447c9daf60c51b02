import sqlite3
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import event, text

from service.schema import Fitness, RunRequest
from service.store import Store, StoreUnavailable, migrate_store, open_store, postgresql
from service.store.database import Database
from tests.postgres import Postgres

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


def test_a_server_that_goes_away_is_a_clear_error_and_one_that_comes_back_is_used_again(tmp_path: Path) -> None:
    with Postgres(tmp_path / "server") as server:
        url = server.create("runs")
        migrate_store(url)
        store = open_store(url)
        run = store.create_run(request(), FITNESS, 1)
    with pytest.raises(StoreUnavailable, match="the database cannot be reached; check that its server runs"):
        store.get_run(run.id)
    with Postgres(tmp_path / "server"):
        assert store.get_run(run.id) == run
        store.close()


def test_a_transaction_that_the_server_ends_is_a_clear_error_and_writes_nothing(postgres: Postgres) -> None:
    url = postgres.create("runs")
    migrate_store(url)
    store, database = open_store(url), Database(url)
    run = store.create_run(request(), FITNESS, 1)

    def half_done() -> None:
        with database.writing() as session:
            session.execute(text("UPDATE run SET reason = 'half done'"))
            session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with pytest.raises(StoreUnavailable, match="the database cannot be reached"):
        half_done()
    assert store.get_run(run.id) == run
    store.close()
    database.close()


def test_a_database_that_the_server_does_not_have_is_named_in_one_line(postgres: Postgres) -> None:
    with pytest.raises(StoreUnavailable, match='database "nowhere" does not exist') as refused:
        open_store(postgres.url("nowhere"))
    assert "\n" not in str(refused.value)


def test_more_threads_than_connections_wait_and_then_say_so(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "POOL_SECONDS", 0.1)
    url = postgres.create("runs")
    migrate_store(url)
    database = Database(url)
    with ExitStack() as busy:
        for _ in range(postgresql.POOL_SIZE + postgresql.POOL_OVERFLOW):
            busy.enter_context(database.reading()).execute(text("SELECT 1"))
        with (
            pytest.raises(StoreUnavailable, match="all connections of this process are in use"),
            database.reading() as one,
        ):
            one.execute(text("SELECT 1"))
    database.close()


def test_a_database_that_names_no_encoding_gives_back_the_text_it_was_given(postgres: Postgres) -> None:
    url = postgres.create("unnamed", encoding="SQL_ASCII")
    migrate_store(url)
    store = open_store(url)
    run = store.create_run(request("gallop über 3 m"), FITNESS, 1)
    assert store.get_run(run.id).request.task == "gallop über 3 m"
    store.close()
