"""The API and the worker in this process: what a command uses as long as no server is named."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from service.artifacts import ArtifactsError, ArtifactStore
from service.cli.client import Client
from service.cli.faults import BadInput, Infrastructure
from service.settings import Settings
from service.store import Store

LONGEST_GOODBYE_SECONDS = 3
"""How long the API waits for open streams of events when it is to end."""


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
    store, artifacts = _open_stores(settings)
    transport = httpx.ASGITransport(create_app(settings, store, artifacts, DesignerCheck(settings)))
    try:
        with Client(httpx.AsyncClient(transport=transport, base_url="http://rewardsmith")) as client:
            yield Workplace(settings, store, artifacts, client)
    finally:
        store.close()


def serve_all(port: int) -> None:
    """Serves the API on 127.0.0.1 and works on runs until it is interrupted. Nobody is asked who they are: it listens to this
    machine alone, and to requests that name it, so that no page in a browser can reach it through a name of its own."""
    import uvicorn
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    from service.app import create_app

    settings = read_settings()
    store, artifacts = _open_stores(settings)
    application = create_app(settings, store, artifacts, DesignerCheck(settings))
    application.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])
    stop = threading.Event()
    worker = threading.Thread(target=_dispatch, args=(settings, store, artifacts, stop), name="dispatcher")
    worker.start()
    try:
        uvicorn.run(application, host="127.0.0.1", port=port, timeout_graceful_shutdown=LONGEST_GOODBYE_SECONDS)
    finally:
        stop.set()
        worker.join()
        store.close()


def orchestrate() -> None:
    """Works on runs until it is told to stop by SIGTERM or Ctrl-C; every run is then left for the next process to take up."""
    settings = read_settings()
    store, artifacts = _open_stores(settings)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        _dispatch(settings, store, artifacts, stop)
    finally:
        store.close()


def _dispatch(settings: Settings, store: Store, artifacts: ArtifactStore, stop: threading.Event) -> None:
    from service.orchestrator.dispatcher import Dispatcher
    from service.orchestrator.orchestrator import Orchestrator
    from service.schema import RunState

    with Orchestrator(settings, store, artifacts, left_as=RunState.QUEUED) as orchestrator:
        orchestrator.connect()
        Dispatcher(orchestrator, store, settings.lease_seconds, settings.runs_at_once).work(stop)


def migrate_database() -> str:
    """Brings the tables of the settings' database up to date; its URL without a password. Raises `Infrastructure`."""
    from service.store import StoreError, migrate_store

    try:
        return migrate_store(read_settings().database_url)
    except StoreError as error:
        raise Infrastructure(str(error)) from error


def _open_stores(settings: Settings) -> tuple[Store, ArtifactStore]:
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
