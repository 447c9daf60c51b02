"""Every request gets an id, is timed and is logged, under its route's template: paths themselves are anybody's words."""

from __future__ import annotations

import logging
import secrets
import time

from fastapi.routing import APIRoute
from prometheus_client import Histogram, disable_created_metrics
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.log_context import about

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each, of the time at which it began
logger = logging.getLogger(__name__)
METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
ELSEWHERE = "unknown"
OTHER = "other"
WATCHED = ("/healthz", "/readyz", "/metrics")
"""Routes that machines ask every few seconds: the log has what goes wrong there, and nothing else."""
REQUEST_SECONDS = Histogram(
    "rewardsmith_http_request_duration_seconds",
    "Time from a request to the first byte of its answer.",
    ("method", "route", "status"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
    registry=None,
)


class Observed:
    """ASGI: around the whole application, whose routes lie under `root`. An answer bears its id in `X-Request-ID`.

    Nothing of an answer is held back, so a stream of events is timed by its first byte and logged when it ends.
    """

    def __init__(self, app: ASGIApp, root: str) -> None:
        self._app, self._root = app, root

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on. What the application raises is logged here, and goes no further once it has answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = secrets.token_hex(8)
        started = time.perf_counter()
        status: int | None = None

        async def observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
                seconds = time.perf_counter() - started
                REQUEST_SECONDS.labels(_method(scope), self._route(scope), str(status)).observe(seconds)
            await send(message)

        with about(request_id=request_id):
            try:
                await self._app(scope, receive, observed)
            except Exception:
                logger.exception("a mistake in Rewardsmith itself")
                if status is None:
                    raise
            finally:
                self._log(scope, status, time.perf_counter() - started)

    def _log(self, scope: Scope, status: int | None, seconds: float) -> None:
        route = self._route(scope)
        level = logging.INFO
        if status is None or status >= 500:
            level = logging.WARNING
        elif status < 400 and route.endswith(WATCHED):
            level = logging.DEBUG
        told = {"method": _method(scope), "route": route, "status": status, "seconds": round(seconds, 6)}
        logger.log(level, "%s %s: %s", told["method"], route, "no answer" if status is None else status, extra=told)

    def _route(self, scope: Scope) -> str:
        """The template of the route that was found; one word for all paths that lead nowhere."""
        route = scope.get("route")
        if not isinstance(route, APIRoute):
            return ELSEWHERE
        return route.path if route.path.startswith(self._root) else self._root + route.path


def _method(scope: Scope) -> str:
    return scope["method"] if scope["method"] in METHODS else OTHER
