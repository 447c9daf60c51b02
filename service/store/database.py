"""The connection: engine, transactions and migrations. All that differs between SQLite and PostgreSQL is here."""

from __future__ import annotations

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session

from service.store.errors import StoreUnavailable, unavailable

WRITES = "rewardsmith_writes"
BUSY_MILLISECONDS = 15_000
POOL_SIZE = 8
POOL_OVERFLOW = 56


class Database:
    """Transactions on one database; used from any number of threads and processes."""

    def __init__(self, url: str) -> None:
        try:
            self.url = make_url(url)
            self.where = self.url.render_as_string(hide_password=True)
            if self._sqlite:
                self._make_folder()
            self.engine = create_engine(
                self.url, pool_size=POOL_SIZE, max_overflow=POOL_OVERFLOW, pool_pre_ping=not self._sqlite
            )
        except (ArgumentError, ModuleNotFoundError) as error:
            raise StoreUnavailable(
                "REWARDSMITH_DATABASE_URL names no database that can be used here: expected a URL such as "
                f"sqlite:////var/lib/rewardsmith/runs.db, got one that gives {type(error).__name__}"
            ) from error
        if self._sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        self._writing = self.engine.execution_options(**{WRITES: True})

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that sees one state of the database. Raises `StoreUnavailable`."""
        with self._transaction(self.engine) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction that is committed at the end of the block, or not at all. Raises `StoreUnavailable`."""
        with self._transaction(self._writing) as session:
            yield session

    def migrate(self) -> None:
        """Brings the tables to the newest revision, one process at a time. Raises `StoreUnavailable`."""
        with self._faults():
            if self._is_current():
                return
            with self._alone(), self._writing.begin() as connection:
                command.upgrade(migrations(connection), "head")

    def close(self) -> None:
        """Gives all connections back."""
        self.engine.dispose()

    @property
    def _sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    @property
    def _file(self) -> Path:
        return Path((self.url.database or "").removeprefix("file:"))

    def _make_folder(self) -> None:
        if self.url.database in (None, "", ":memory:"):
            raise StoreUnavailable(
                f"{self.where}: SQLite needs a file here, as in sqlite:////var/lib/rewardsmith/runs.db"
            )
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreUnavailable(
                f"{self.where}: the database's folder cannot be made ({error}); choose another with REWARDSMITH_DATA_FOLDER"
            ) from error

    def _is_current(self) -> bool:
        scripts = ScriptDirectory.from_config(migrations(None))
        with self.engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
        if current is not None and current not in {script.revision for script in scripts.walk_revisions()}:
            raise StoreUnavailable(
                f"{self.where}: its revision {current!r} is unknown here, so a newer rewardsmith wrote it; upgrade rewardsmith"
            )
        return current == scripts.get_current_head()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._sqlite:
            yield
            return
        try:
            lock = self._file.with_name(self._file.name + ".lock").open("w", encoding="ascii")
        except OSError as error:
            raise StoreUnavailable(
                f"{self.where}: the database's folder is not writable ({error}); choose another with REWARDSMITH_DATA_FOLDER"
            ) from error
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            raw = self.engine.raw_connection()
            try:
                raw.cursor().execute("PRAGMA journal_mode = WAL")
            finally:
                raw.close()
            yield

    @contextmanager
    def _transaction(self, engine: Engine) -> Iterator[Session]:
        with self._faults(), Session(engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except (DBAPIError, sqlite3.Error) as error:
            fault = unavailable(error, self.where)
            if fault is None:
                raise
            raise fault from error


def migrations(connection: Connection | None) -> Config:
    """Alembic's configuration for the migrations of this package, over a connection that is in a transaction already."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _prepare_sqlite(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
