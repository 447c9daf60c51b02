"""The API and the worker in this process: what a command uses as long as no server is named."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from service.artifacts import ArtifactsError, ArtifactStore
from service.cli.client import Client
from service.cli.faults import Infrastructure
from service.cli.following import WorkElsewhere
from service.cli.place import Workplace
from service.schema import Run, RunState
from service.settings import Settings
from service.store import StateConflict, Store

SECONDS_BETWEEN_LOOKS = 0.5


@contextmanager
def open_embedded(settings: Settings) -> Iterator[Workplace]:
    """Opens store, artifacts and API. Raises `Infrastructure` where the database or the artifacts cannot be used."""
    import httpx

    from service.app import create_app

    store, artifacts = open_stores(settings)
    check_designer = DesignerCheck(settings)
    transport = httpx.ASGITransport(create_app(settings, store, artifacts, check_designer, open_access=True))
    try:
        with Client(httpx.AsyncClient(transport=transport, base_url="http://rewardsmith")) as client:
            yield Workplace(client, lambda run_id: Worker(settings, store, artifacts, run_id), check_designer)
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
    """Works a run in a thread of its own until it ends, pauses or is told to stop; looks on where another process was first."""

    def __init__(self, settings: Settings, store: Store, artifacts: ArtifactStore, run_id: str) -> None:
        self._settings, self._store, self._artifacts = settings, store, artifacts
        self._run_id = run_id
        self._stop = threading.Event()
        self._done = threading.Event()
        self._fault: Exception | None = None
        self._elsewhere: WorkElsewhere | None = None
        threading.Thread(target=self._work, name=f"worker of {run_id}", daemon=True).start()

    def _work(self) -> None:
        try:
            self._work_or_look_on()
        except Exception as error:  # noqa: BLE001  (it goes on in the thread that waits)
            self._fault = error
        finally:
            self._done.set()

    def _work_or_look_on(self) -> None:
        from service.orchestrator.orchestrator import Orchestrator

        try:
            with Orchestrator(self._settings, self._store, self._artifacts) as orchestrator:
                orchestrator.work(self._run_id, self._stop)
        except StateConflict:
            if self._store.get_run(self._run_id).state is RunState.PAUSED:  # as a mistake in the work here leaves it
                raise
            print(f"run {self._run_id} is worked on by another process: this command looks on", file=sys.stderr)
            self._elsewhere = WorkElsewhere(self._run_id, "in another process")

    def over(self, run: Run) -> bool:
        """Whether the work has ended, here or elsewhere, after waiting for it a little. Raises what the work here raised."""
        ended = self._wait(SECONDS_BETWEEN_LOOKS)
        return ended if self._elsewhere is None else self._elsewhere.over(run)

    def leave(self) -> str:
        """Waits until the work has stopped at a place from which it can be taken up again, or for another Ctrl-C.

        Work that is done elsewhere goes on.
        """
        if not self._done.is_set():
            print("stopping at the next safe place; Ctrl-C again leaves at once", file=sys.stderr)
        self._stop.set()
        with suppress(KeyboardInterrupt):
            self._wait(None)
        if self._elsewhere is not None:
            return self._elsewhere.leave()
        return f"run {self._run_id} can be taken up again: rewardsmith resume {self._run_id}"

    def _wait(self, seconds: float | None) -> bool:
        ended = self._done.wait(seconds)
        if self._fault is not None:
            raise _translated(self._fault) from self._fault
        return ended


def _translated(error: Exception) -> Exception:
    from envs.errors import EnvironmentFault
    from sandbox import SandboxFault
    from service.llm.contract import DesignerError
    from service.store import StoreError

    if isinstance(error, StoreError | ArtifactsError | SandboxFault | DesignerError | EnvironmentFault):
        return Infrastructure(str(error))
    return error
