import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel

from service.store import StoreUnavailable, open_store, tables
from service.store.database import Database, migrations

OPEN = "import sys; from service.store import open_store; open_store(sys.argv[1]).list_runs()"


def test_the_migrations_make_exactly_the_tables_of_the_models(database_url: str) -> None:
    database = Database(database_url)
    database.migrate()
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []
        made = set(inspect(connection).get_table_names())
    assert made == {*SQLModel.metadata.tables, "alembic_version"}
    assert tables.RunRow.__tablename__ in made
    database.close()


def test_the_migrations_can_be_taken_back(database_url: str) -> None:
    database = Database(database_url)
    database.migrate()
    with database.engine.begin() as connection:
        command.downgrade(migrations(connection), "base")
    with database.engine.connect() as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]
    database.migrate()
    with database.engine.connect() as connection:
        assert "run" in inspect(connection).get_table_names()
    database.close()


def test_processes_that_open_a_new_database_at_once_make_it_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/not/there/yet/runs.db"
    openers = [subprocess.Popen([sys.executable, "-c", OPEN, url]) for _ in range(3)]
    assert [opener.wait(timeout=60) for opener in openers] == [0, 0, 0]


def test_sqlite_keeps_a_write_ahead_log_so_that_readers_and_a_writer_do_not_wait_for_each_other(tmp_path: Path) -> None:
    open_store(f"sqlite:///{tmp_path}/runs.db").close()
    connection = sqlite3.connect(tmp_path / "runs.db")
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_a_database_of_a_newer_release_is_refused_and_left_alone(database_url: str) -> None:
    database = Database(database_url)
    database.migrate()
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'from-the-future'"))
    with pytest.raises(StoreUnavailable, match=r"'from-the-future' is unknown here.*upgrade rewardsmith"):
        open_store(database_url)
    database.close()


def test_what_belongs_to_no_run_cannot_be_stored(database_url: str) -> None:
    database = Database(database_url)
    database.migrate()
    with pytest.raises(IntegrityError), database.writing() as session:
        session.add(tables.IterationRow(run_id="r-nowhere", number=1, state="designing"))
    database.close()
