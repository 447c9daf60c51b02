import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from psycopg import errors
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from service.store.errors import SERVER_FAULTS, unavailable


def driver_error(path: Path, *statements: str) -> sqlite3.Error:
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements[:-1]:
            connection.execute(statement)
        with pytest.raises(sqlite3.Error) as caught:
            connection.execute(statements[-1])
    return caught.value


def test_a_full_disk_says_to_free_space(tmp_path: Path) -> None:
    error = driver_error(
        tmp_path / "full.db",
        "CREATE TABLE t (x)",
        "PRAGMA max_page_count = 2",
        "INSERT INTO t VALUES (zeroblob(100000))",
    )
    fault = unavailable(OperationalError("INSERT", {}, error), "sqlite:///full.db")
    assert str(fault) == (
        "sqlite:///full.db: the disk is full; free some space and resume the run (database or disk is full)"
    )


def test_a_file_that_is_no_database_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("These are notes.\n" * 100)
    error = driver_error(tmp_path / "notes.txt", "SELECT * FROM run")
    assert "choose another file" in str(unavailable(OperationalError("SELECT", {}, error), "sqlite:///notes.txt"))


def test_a_server_out_of_reach_is_an_infrastructure_fault() -> None:
    fault = unavailable(OperationalError("SELECT", {}, ConnectionRefusedError("refused")), "postgresql://lab/runs")
    assert "postgresql://lab/runs: the database cannot be reached" in str(fault)


def test_a_mistake_of_our_own_is_no_infrastructure_fault(tmp_path: Path) -> None:
    twice = driver_error(
        tmp_path / "t.db", "CREATE TABLE t (x UNIQUE)", "INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (1)"
    )
    assert unavailable(IntegrityError("INSERT", {}, twice), "sqlite:///t.db") is None
    wrong = driver_error(tmp_path / "u.db", "SELECT * FROM nowhere")
    assert unavailable(OperationalError("SELECT", {}, wrong), "sqlite:///u.db") is None


@pytest.mark.parametrize("code", SERVER_FAULTS)
def test_what_a_server_refuses_says_how_to_mend_it_in_one_line(code: str) -> None:
    error = errors.lookup(code)("refused\nDETAIL: so it is")
    fault = unavailable(DBAPIError("UPDATE", {}, error), "postgresql://lab/runs")
    assert str(fault) == f"postgresql://lab/runs: {SERVER_FAULTS[code]} (refused DETAIL: so it is)"


def test_a_statement_that_the_server_cannot_read_is_our_own_mistake() -> None:
    assert unavailable(DBAPIError("SELECT", {}, errors.UndefinedTable("no run")), "postgresql://lab/runs") is None
