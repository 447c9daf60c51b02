"""PostgreSQL as a store: a server that many processes share, migrated once for each deployment by `rewardsmith migrate`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL, Connection, Engine, create_engine

from service.store.columns import unread

CONNECT_SECONDS = 5
POOL_SIZE = 8
POOL_OVERFLOW = 8
POOL_SECONDS = 10
"""A server allows a hundred connections by default: six processes of ours may have sixteen each."""
CONNECTING = {
    "connect_timeout": CONNECT_SECONDS,
    "application_name": "rewardsmith",
    "client_encoding": "utf8",
    "options": "-c timezone=UTC",
}
"""A day begins where UTC's does.

A database of the encoding SQL_ASCII, which says nothing of its text, would be read as bytes otherwise."""
MIGRATION_LOCK = 7_263_746_001
"""The advisory lock that a migration holds; any number that nothing else on the server uses."""


class Postgresql:
    """One database on a server, by the driver psycopg whatever the URL calls it."""

    migrates_itself = False

    def __init__(self, url: URL) -> None:
        self._url = url.set(drivername="postgresql+psycopg")

    def engines(self) -> tuple[Engine, Engine]:
        """One for reading, whose transactions see one state of the database, and one for writing; they share connections."""
        engine = create_engine(
            self._url,
            json_deserializer=unread,
            pool_size=POOL_SIZE,
            max_overflow=POOL_OVERFLOW,
            pool_timeout=POOL_SECONDS,
            pool_pre_ping=True,
            connect_args=CONNECTING,
        )
        reading = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        return reading, engine

    @contextmanager
    def migrating(self, writing: Engine) -> Iterator[Connection]:
        """A transaction that no other process migrates beside."""
        with writing.begin() as connection:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
            yield connection

    def give_back(self, writing: Engine) -> None:
        """Nothing: the server's autovacuum makes room for new rows."""
