"""The connection: transactions and migrations over SQLite or PostgreSQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft
from sqlmodel import Session

from service.store.errors import StoreUnavailable, unavailable
from service.store.postgresql import Postgresql
from service.store.sqlite import Sqlite


class Backend(Protocol):
    """All that differs between SQLite and PostgreSQL."""

    migrates_itself: bool
    """Whether whoever opens the store brings its tables up to date, where a server waits for its administrator."""

    def engines(self) -> tuple[Engine, Engine]:
        """One for transactions that read, one for those that write."""

    def migrating(self, writing: Engine) -> AbstractContextManager[Connection]:
        """A transaction that no other process migrates beside."""

    def give_back(self, writing: Engine) -> int | None:
        """Gives unused room back to the disk: bytes, None where the database sees to that itself."""


BACKENDS: dict[str, type[Sqlite] | type[Postgresql]] = {
    "sqlite": Sqlite,
    "postgresql": Postgresql,
    "postgres": Postgresql,
}


class Database:
    """Transactions on one database; used from any number of threads and processes."""

    def __init__(self, url: str) -> None:
        try:
            parsed = make_url(url)
            self.where = parsed.render_as_string(hide_password=True)
            self._backend: Backend = BACKENDS[parsed.drivername.partition("+")[0]](parsed)
            self._reading, self.engine = self._backend.engines()
        except (ArgumentError, KeyError, TypeError, ValueError) as error:
            raise StoreUnavailable(
                "REWARDSMITH_DATABASE_URL names no database that can be used here: expected a URL such as "
                "sqlite:////var/lib/rewardsmith/runs.db or postgresql://user:password@host/database, "
                f"got one that gives {type(error).__name__}"
            ) from error

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that sees one state of the database. Raises `StoreUnavailable`."""
        with self._transaction(self._reading) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction that is committed at the end of the block, or not at all. Raises `StoreUnavailable`."""
        with self._transaction(self.engine) as session:
            yield session

    def migrate(self) -> None:
        """Brings the tables to the newest revision, one process at a time. Raises `StoreUnavailable`."""
        with self._faults():
            if not self._is_current():
                with self._backend.migrating(self.engine) as connection:
                    command.upgrade(migrations(connection), "head")

    def prepare(self) -> None:
        """Makes sure that the tables are of the newest revision: a file is migrated, a server is not. Raises `StoreUnavailable`."""
        if self._backend.migrates_itself:
            self.migrate()
            return
        with self._faults():
            if not self._is_current():
                raise StoreUnavailable(
                    f"{self.where}: its tables are missing or of an older release; bring them up to date with "
                    "`rewardsmith migrate`, once for all processes"
                )

    def give_back(self) -> int | None:
        """Gives the room of deleted rows back to the disk: bytes, None where a server does. Raises `StoreUnavailable`."""
        with self._faults():
            return self._backend.give_back(self.engine)

    def close(self) -> None:
        """Gives all connections back."""
        self.engine.dispose()

    def _is_current(self) -> bool:
        scripts = ScriptDirectory.from_config(migrations(None))
        with self._reading.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
        if current is not None and current not in {script.revision for script in scripts.walk_revisions()}:
            raise StoreUnavailable(
                f"{self.where}: its revision {current!r} is unknown here, so a newer rewardsmith wrote it; upgrade rewardsmith"
            )
        return current == scripts.get_current_head()

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
        except NoConnectionLeft as error:
            raise StoreUnavailable(f"{self.where}: all connections of this process are in use; ask again") from error


def migrations(connection: Connection | None) -> Config:
    """Alembic's configuration for the migrations of this package, over a connection that is in a transaction already."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
