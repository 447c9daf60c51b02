"""SQLite as a store: one file with a write-ahead log, made and migrated by whoever opens it first."""

from __future__ import annotations

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.pool import ConnectionPoolEntry

from service.store.columns import unread
from service.store.errors import StoreUnavailable

WRITES = "rewardsmith_writes"
BUSY_MILLISECONDS = 15_000
POOL_SIZE = 8
POOL_OVERFLOW = 56
INCREMENTAL = 2
PAGES_AT_ONCE = 256
"""Pages that are given back in one transaction: so few that whoever else writes need not wait long."""


class Sqlite:
    """One database file. Raises `StoreUnavailable` where there is none, or its folder cannot be made."""

    migrates_itself = True

    def __init__(self, url: URL) -> None:
        self._url = url
        self._where = url.render_as_string(hide_password=True)
        self._file = Path((url.database or "").removeprefix("file:"))
        self._make_folder()

    def engines(self) -> tuple[Engine, Engine]:
        """One for reading and one for writing, which asks for the file's only write lock at once; they share connections."""
        engine = create_engine(self._url, json_deserializer=unread, pool_size=POOL_SIZE, max_overflow=POOL_OVERFLOW)
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
        return engine, engine.execution_options(**{WRITES: True})

    @contextmanager
    def migrating(self, writing: Engine) -> Iterator[Connection]:
        """A transaction that no other process migrates beside; the file keeps a write-ahead log from then on."""
        try:
            lock = self._file.with_name(self._file.name + ".lock").open("w", encoding="ascii")
        except OSError as error:
            raise StoreUnavailable(
                f"{self._where}: the database's folder is not writable ({error}); choose another with REWARDSMITH_DATA_FOLDER"
            ) from error
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            raw = writing.raw_connection()
            try:
                raw.cursor().execute("PRAGMA auto_vacuum = INCREMENTAL")  # of a new file; others stay as they are
                raw.cursor().execute("PRAGMA journal_mode = WAL")
            finally:
                raw.close()
            with writing.begin() as connection:
                yield connection

    def give_back(self, writing: Engine) -> int:
        """Makes the file smaller by the room of deleted rows, in short transactions: bytes.

        A file that was not made for that is rewritten as a whole the first time, while others wait.
        """
        raw = writing.raw_connection()
        try:
            cursor = raw.cursor()
            before = _bytes(cursor)
            if _number(cursor, "auto_vacuum") != INCREMENTAL:
                cursor.execute("PRAGMA auto_vacuum = INCREMENTAL")
                cursor.execute("VACUUM")
            while _number(cursor, "freelist_count"):
                cursor.execute(f"PRAGMA incremental_vacuum({PAGES_AT_ONCE})").fetchall()
            after = _bytes(cursor)
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            raw.close()
        return before - after

    def _make_folder(self) -> None:
        if self._url.database in (None, "", ":memory:"):
            raise StoreUnavailable(
                f"{self._where}: SQLite needs a file here, as in sqlite:////var/lib/rewardsmith/runs.db"
            )
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreUnavailable(
                f"{self._where}: the database's folder cannot be made ({error}); choose another with REWARDSMITH_DATA_FOLDER"
            ) from error


def _number(cursor: DBAPICursor, pragma: str) -> int:
    cursor.execute(f"PRAGMA {pragma}")
    return int(cursor.fetchall()[0][0])


def _bytes(cursor: DBAPICursor) -> int:
    return _number(cursor, "page_count") * _number(cursor, "page_size")


def _prepare(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
