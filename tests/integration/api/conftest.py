"""The API as its users meet it: over HTTP on loopback, with a real store behind it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from service.api.observed import Observed
from service.app import ROOT, create_app
from service.artifacts import ArtifactStore
from service.settings import Settings
from service.store import Store, Writer, open_store, process_owner
from tests.served import listening

AN_HOUR = 3600.0


def check_designer(designer: str) -> str | None:
    """Knows the offline designer and one without a price; breaks down over one, and says of others that a key is missing."""
    if designer == "breaks-down":
        raise RuntimeError("a secret of the service")
    return (
        None
        if designer in ("offline", "openai/of-my-own-server")
        else f"{designer} needs OPENAI_API_KEY in the environment"
    )


@contextmanager
def served(
    store: Store, folder: Path, *, open_access: bool = True, requests_per_minute: int = 600
) -> Iterator[httpx.Client]:
    settings = Settings(data_folder=folder, requests_per_minute=requests_per_minute)
    artifacts = ArtifactStore(str(folder / "artifacts"))
    app = create_app(settings, store, artifacts, check_designer, open_access=open_access)
    with (
        listening(Observed(app, ROOT)) as address,
        httpx.Client(base_url=f"{address}{ROOT}", timeout=30) as client,
    ):
        yield client


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("api")


@pytest.fixture(scope="session")
def store(folder: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{folder}/runs.db")
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def client(store: Store, folder: Path) -> Iterator[httpx.Client]:
    with served(store, folder) as client:
        yield client


@pytest.fixture
def read_only_client(store: Store, folder: Path) -> Iterator[httpx.Client]:
    """A service whose database can be read but not written."""
    read_only = open_store(f"sqlite:///file:{folder}/runs.db?mode=ro&uri=true")
    with served(read_only, folder) as client:
        yield client
    read_only.close()


@pytest.fixture
def run_id(client: httpx.Client) -> str:
    """A run that was just submitted."""
    answer = client.post("/runs", json={"task": "hop forward", "environment": "Hopper-v5"})
    return str(answer.json()["id"])


@pytest.fixture
def writer(store: Store, run_id: str) -> Writer:
    """The writer of that run, claimed."""
    claim = store.claim(process_owner(), AN_HOUR, run_id)
    assert claim is not None
    return store.writer(claim)
