"""Processes that stay: the API, the orchestrator, and both in one; and the database made ready for them."""

from __future__ import annotations

import logging
import os
import signal
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from service.artifacts import ArtifactStore
from service.cli.address import is_loopback
from service.cli.embedded import DesignerCheck, open_stores
from service.cli.faults import BadInput, CommandFault, ExitCode, Infrastructure, Unreachable
from service.cli.logs import start_log
from service.cli.place import read_settings, settings_of_the_database, settings_of_this_machine
from service.settings import Settings
from service.store import Store

if TYPE_CHECKING:
    import uvicorn
    from starlette.types import ASGIApp

LONGEST_GOODBYE_SECONDS = 3
"""How long the API waits for open streams of events when it is to end."""
log = logging.getLogger(__name__)


def migrate_database() -> str:
    """Brings the tables of the settings' database up to date; its URL without a password. Raises `Infrastructure`."""
    from service.store import StoreError, migrate_store

    try:
        return migrate_store(settings_of_the_database("migrate").database_url)
    except StoreError as error:
        raise Infrastructure(str(error)) from error


def orchestrate() -> None:
    """Works on runs until it is told to stop by SIGTERM or Ctrl-C; every run is then left for the next process to take up."""
    with _logged():
        settings = settings_of_this_machine("orchestrator", log.warning)
        store, artifacts = open_stores(settings)
        stop = _stop_when_told()
        try:
            _dispatch(settings, store, artifacts, stop)
        finally:
            store.close()


def serve_api(host: str, port: int, workers: int) -> None:
    """Serves the API alone, to whoever has a token, by so many processes."""
    import uvicorn
    from uvicorn.supervisors import Multiprocess

    with _logged(), _counted_together(workers):
        store, _ = open_stores(settings_of_this_machine("api", log.warning))
        store.close()  # what is wrong with them is said once, and not by each process again and again
        config = uvicorn.Config(
            "service.cli.serving:application",
            factory=True,
            host=host,
            port=port,
            workers=workers,
            timeout_graceful_shutdown=LONGEST_GOODBYE_SECONDS,
            log_config=None,
            access_log=False,
        )
        with bound(config) as listener, suppress(KeyboardInterrupt):  # the server says that it ends, and ends in order
            if workers == 1:
                uvicorn.Server(config).run([listener])
            else:
                Multiprocess(config, [listener]).run()


def bound(config: uvicorn.Config) -> socket.socket:
    """The socket that all processes listen on, whose answers go out at once.

    uvicorn makes it without naming its protocol, for which asyncio leaves Nagle's algorithm on: every second segment on a
    connection that is kept would wait 40 ms for the client's acknowledgement. Connections inherit the option.
    """
    listener = config.bind_socket()
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def application() -> ASGIApp:
    """The application of one process of the API, which asks everybody for a token.

    Models are asked by orchestrators, who have their keys: here a designer is refused for its name alone.
    """
    from service.api.observed import Observed
    from service.app import ROOT, create_app
    from service.llm.names import name_fault

    with _logged():
        settings = read_settings()
        return Observed(create_app(settings, *open_stores(settings), name_fault), ROOT)


def serve_all(host: str, port: int) -> None:
    """Serves API and dashboard and works on the runs until it is interrupted.

    On this machine's own address nobody is asked for a token. Only requests that name that address are answered then, so that
    no page in a browser can reach the API through a name of its own.
    """
    import uvicorn

    from service.api.observed import Observed
    from service.app import ROOT, answering, create_app
    from service.dashboard.app import dashboard_beside

    with _logged():
        settings = settings_of_this_machine("serve", log.warning)
        loopback = _is_loopback(host)
        store, artifacts = open_stores(settings)
        application = create_app(settings, store, artifacts, DesignerCheck(settings), open_access=loopback)
        whole = dashboard_beside(Observed(application, ROOT), lambda _: answering(application))
        if loopback:
            whole = _for_this_machine(whole)
            log.warning("open access: whoever is on this machine may use http://%s:%d without a token", host, port)
        stop = _stop_when_told()  # the server of the API ends first, and hands the signal on
        worker = threading.Thread(target=_dispatch, args=(settings, store, artifacts, stop), name="dispatcher")
        worker.start()
        try:
            uvicorn.run(
                whole,
                host=host,
                port=port,
                timeout_graceful_shutdown=LONGEST_GOODBYE_SECONDS,
                log_config=None,
                access_log=False,
            )
        finally:
            stop.set()
            worker.join()
            store.close()


def serve_dashboard(host: str, port: int) -> None:
    """Serves the dashboard alone, of the API that `REWARDSMITH_URL` names.

    It keeps its viewers' pages in its process, so that there is one.
    """
    import uvicorn

    from service.dashboard.app import dashboard_of

    with _logged():
        settings = read_settings()
        if settings.url is None:
            raise BadInput(
                "the dashboard shows the API of a server: name it in REWARDSMITH_URL, or use `rewardsmith serve`"
            )
        workers = os.environ.get("WEB_CONCURRENCY", "1")
        if workers != "1":
            raise BadInput(
                f"the dashboard keeps its pages in one process; WEB_CONCURRENCY asks for {workers!r}: unset it"
            )
        application = dashboard_of(settings.url)
        if _is_loopback(host):
            application = _for_this_machine(application)
        elif _asks_nobody(settings.url):
            raise BadInput(
                f"the API at {settings.url} asks nobody for a token, and on {host} others would reach it through the dashboard: "
                "use --host 127.0.0.1, or an API that asks"
            )
        uvicorn.run(
            application,
            host=host,
            port=port,
            timeout_graceful_shutdown=LONGEST_GOODBYE_SECONDS,
            log_config=None,
            access_log=False,
        )


def _asks_nobody(server: str) -> bool:
    """Whether an API answers without a token. Raises `Unreachable` where it does not answer at all."""
    import httpx

    try:
        return httpx.get(f"{server}/api/v1/runs?limit=1", trust_env=False).is_success
    except httpx.HTTPError as error:
        raise Unreachable(f"the API at {server} does not answer ({error}); start it first") from error


def free_port(host: str, preferred: int) -> int:
    """The preferred port, or any other if somebody has it."""
    for port in (preferred, 0):
        with suppress(OSError), socket.create_server((host, port)) as listener:
            return int(listener.getsockname()[1])
    raise Infrastructure(f"{host} has no free port")


def _for_this_machine(application: ASGIApp) -> ASGIApp:
    """Answers requests alone that name this machine's own address."""
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    return TrustedHostMiddleware(application, allowed_hosts=["127.0.0.1", "localhost", "[::1]"])


@contextmanager
def _logged() -> Iterator[None]:
    """The log of a process that stays, what ends it included."""
    start_log()
    try:
        yield
    except CommandFault as fault:
        log.error("%s", fault)
        raise SystemExit(fault.code) from fault
    except Exception as error:
        log.exception("a mistake in Rewardsmith itself; please report it")
        raise SystemExit(ExitCode.INFRASTRUCTURE) from error


@contextmanager
def _counted_together(workers: int) -> Iterator[None]:
    """A new folder in which several processes of an API count together, gone when they have ended; none for one alone.

    What a worker that died had counted stays in the sum, as counters must.
    """
    from service.api.metrics import SHARED_FOLDER

    if workers == 1:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="rewardsmith-metrics-") as folder:
        os.environ[SHARED_FOLDER] = folder
        yield


def _stop_when_told() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _is_loopback(host: str) -> bool:
    try:
        return is_loopback(host)
    except ValueError as error:
        raise BadInput(f"--host: expected an IP address or localhost, got {host!r}") from error


def _dispatch(settings: Settings, store: Store, artifacts: ArtifactStore, stop: threading.Event) -> None:
    from service.orchestrator.dispatcher import Dispatcher
    from service.orchestrator.orchestrator import Orchestrator
    from service.schema import RunState

    with Orchestrator(settings, store, artifacts, left_as=RunState.QUEUED) as orchestrator:
        orchestrator.connect()
        Dispatcher(orchestrator, store, settings.lease_seconds, settings.runs_at_once).work(stop)
