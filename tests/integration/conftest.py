from collections.abc import Iterator

import pytest

from tests.postgres import Postgres


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A PostgreSQL server for all tests of this process; each makes the databases that it needs."""
    with Postgres(tmp_path_factory.mktemp("postgres")) as server:
        yield server
