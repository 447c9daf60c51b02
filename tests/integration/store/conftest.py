"""The store over every database it promises to work on: a test that takes `store` is part of the contract."""

from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copy

import pytest

from service.schema import Fitness, Run, RunRequest
from service.store import Store, Writer, open_store, process_owner

FITNESS = Fitness(name="distance", score="x_position[-1]", success="steps == max_steps", unit="m")
AN_HOUR = 3600.0


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return {"sqlite": f"sqlite:///{tmp_path}/runs.db"}[request.param]


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with all tables: copied, since the migrations have tests of their own."""
    path = tmp_path_factory.mktemp("migrated") / "runs.db"
    open_store(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def store(database_url: str, migrated: Path, tmp_path: Path) -> Iterator[Store]:
    copy(migrated, tmp_path / "runs.db")
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
