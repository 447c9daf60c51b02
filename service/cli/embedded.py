"""The API and the worker in this process: what a command uses as long as no server is named."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from service.artifacts import ArtifactsError, ArtifactStore
from service.cli.client import Client
from service.cli.faults import BadInput, Infrastructure
from service.settings import Settings
from service.store import Store


@dataclass(frozen=True)
class Workplace:
    """The parts that a command and the worker beside it share."""

    settings: Settings
    store: Store
    artifacts: ArtifactStore
    client: Client


def read_settings() -> Settings:
    """The settings of this installation. Raises `BadInput` naming the one that is wrong."""
    from pydantic import ValidationError

    try:
        return Settings()
    except ValidationError as error:
        wrong = "; ".join(f"REWARDSMITH_{'.'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors())
        raise BadInput(wrong) from error


@contextmanager
def open_workplace() -> Iterator[Workplace]:
    """Opens store, artifacts and API. Raises `Infrastructure` where the database or the artifacts cannot be used."""
    import httpx

    from service.app import create_app

    settings = read_settings()
    store, artifacts = open_stores(settings)
    transport = httpx.ASGITransport(create_app(settings, store, artifacts, DesignerCheck(settings), open_access=True))
    try:
        with Client(httpx.AsyncClient(transport=transport, base_url="http://rewardsmith")) as client:
            yield Workplace(settings, store, artifacts, client)
    finally:
        store.close()


def open_stores(settings: Settings) -> tuple[Store, ArtifactStore]:
    """Database and artifacts of the settings. Raises `Infrastructure` where one of them cannot be used."""
    from service.store import StoreError, open_store

    try:
        return open_store(settings.database_url), ArtifactStore(settings.artifacts_url)
    except (StoreError, ArtifactsError) as error:
        raise Infrastructure(str(error)) from error


class DesignerCheck:
    """Says before anything is spent why a designer cannot be used here, None if it can."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def __call__(self, designer: str) -> str | None:
        """The reason, with how to mend it."""
        from service.llm.contract import DesignerError
        from service.llm.select import make_designer

        settings = self._settings
        try:
            make_designer(
                designer, 1.0, settings.model_base_url, settings.model_timeout_seconds, settings.model_retries
            ).check()
        except DesignerError as error:
            return str(error)
        return None


class Worker:
    """Works a run in a thread of its own until it ends, pauses or is told to stop."""

    def __init__(self, workplace: Workplace, run_id: str) -> None:
        self._workplace = workplace
        self._run_id = run_id
        self._stop = threading.Event()
        self._done = threading.Event()
        self._fault: Exception | None = None
        threading.Thread(target=self._work, name=f"worker of {run_id}", daemon=True).start()

    def _work(self) -> None:
        place = self._workplace
        try:
            from service.orchestrator.orchestrator import Orchestrator

            with Orchestrator(place.settings, place.store, place.artifacts) as orchestrator:
                orchestrator.work(self._run_id, self._stop)
        except Exception as error:  # noqa: BLE001  (it goes on in the thread that waits)
            self._fault = error
        finally:
            self._done.set()

    def wait(self, seconds: float | None = None) -> bool:
        """Whether the work has ended, after waiting for it at most so long. Raises what the work raised."""
        ended = self._done.wait(seconds)
        if self._fault is not None:
            raise _translated(self._fault) from self._fault
        return ended

    def stop(self) -> None:
        """Asks the work to stop at the next place from which it can be taken up again."""
        self._stop.set()


def _translated(error: Exception) -> Exception:
    from envs.errors import EnvironmentFault
    from sandbox import SandboxFault
    from service.llm.contract import DesignerError
    from service.store import StoreError

    if isinstance(error, StoreError | ArtifactsError | SandboxFault | DesignerError | EnvironmentFault):
        return Infrastructure(str(error))
    return error
