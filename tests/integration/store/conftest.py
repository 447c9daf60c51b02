"""The store over every database it promises to work on: a test that takes `store` is part of the contract."""

from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copy

import pytest

from service.schema import Fitness, Run, RunRequest
from service.store import Store, Writer, migrate_store, open_store, process_owner
from tests.postgres import Postgres

FITNESS = Fitness(name="distance", score="x_position[-1]", success="steps == max_steps", unit="m")
AN_HOUR = 3600.0


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/runs.db"
    server: Postgres = request.getfixturevalue("postgres")
    return server.create("runs")


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with all tables: copied, since the migrations have tests of their own."""
    path = tmp_path_factory.mktemp("migrated") / "runs.db"
    migrate_store(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_database(postgres: Postgres) -> str:
    """The name of a database with all tables."""
    migrate_store(postgres.create("migrated"))
    return "migrated"


@pytest.fixture
def store(database_url: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if database_url.startswith("sqlite"):
        copy(request.getfixturevalue("migrated_file"), tmp_path / "runs.db")
    else:
        server: Postgres = request.getfixturevalue("postgres")
        server.create("runs", like=request.getfixturevalue("migrated_database"))
    opened = open_store(database_url)
    yield opened
    opened.close()


@pytest.fixture
def new_run(store: Store) -> Callable[..., Run]:
    """Stores a queued run; takes its task."""

    def create(task: str = "hop forward") -> Run:
        return store.create_run(RunRequest(task=task, environment="Hopper-v5"), FITNESS, 100_000)

    return create


@pytest.fixture
def writer(store: Store, new_run: Callable[..., Run]) -> Writer:
    """The writer of a run that this process has claimed for an hour."""
    claim = store.claim(process_owner(), AN_HOUR, new_run().id)
    assert claim is not None
    return store.writer(claim)
