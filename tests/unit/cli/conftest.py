from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi import FastAPI

from service.api.recognition import Recognition
from service.app import create_app
from service.artifacts import ArtifactStore
from service.cli.embedded import DesignerCheck
from service.schema import Scope
from service.settings import Settings
from service.store import Store, open_store
from tests.served import listening
from tests.unit.cli.shell import Shell


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    monkeypatch.setenv("REWARDSMITH_DATA_FOLDER", str(tmp_path / "data"))
    for name in ("OPENAI_API_KEY", "REWARDSMITH_URL", "REWARDSMITH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return Shell(capsys)


@pytest.fixture
def store(shell: Shell) -> Iterator[Store]:
    """The store behind the commands, be they a client of a server or not."""
    opened = open_store(Settings().database_url)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    """One application for all tests, since it takes a while to make; each gives it services of its own."""
    settings = Settings(data_folder=tmp_path_factory.mktemp("nothing"), requests_per_minute=10**6)
    nothing = open_store(settings.database_url)
    yield create_app(settings, nothing, ArtifactStore(settings.artifacts_url), DesignerCheck(settings))
    nothing.close()


@pytest.fixture
def server(
    shell: Shell, store: Store, application: FastAPI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """The address of a server that asks for tokens; whatever commands would do here, they would do in a folder of their own."""
    settings = Settings()
    application.state.services = replace(
        application.state.services,
        settings=settings,
        store=store,
        recognition=Recognition(store.tokens),
        artifacts=ArtifactStore(settings.artifacts_url),
    )
    with listening(application) as address:
        monkeypatch.setenv("REWARDSMITH_DATA_FOLDER", str(tmp_path / "elsewhere"))
        monkeypatch.setenv("REWARDSMITH_URL", address)
        monkeypatch.setenv("REWARDSMITH_TOKEN", store.tokens.create("lab", Scope.RUN).secret)
        yield address
    assert not (tmp_path / "elsewhere").exists()


@pytest.fixture(params=["embedded", "served"])
def anywhere(request: pytest.FixtureRequest, shell: Shell) -> Shell:
    """Commands that do the same in this process and as a client of a server."""
    if request.param == "served":
        request.getfixturevalue("server")
    return shell
