"""The application: pages beside an API, at one address.

NiceGUI keeps the pages of all viewers in its process, and there is one such application in it.
"""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path

import httpx
from fastapi import FastAPI
from nicegui import app, ui
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from service.dashboard.pages import candidate, compare, health, login, new_run, run, runs
from service.dashboard.passage import Passage
from service.dashboard.session import CookieAsBearer, Guarded
from service.dashboard.site import Site

API = "/api/"
SOCKETS = "/_nicegui_ws"
PAGES = (runs, new_run, run, candidate, compare, health, login)
RECONNECT_SECONDS = 30.0
"""So long a page is kept for a viewer whose network is away; later it is made anew."""
ANSWER_SECONDS = 30.0
POOL = httpx.Limits(max_connections=None)
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def dashboard_beside(api: ASGIApp, lifespan: Lifespan) -> ASGIApp:
    """The dashboard of an API of this process, whose lifespan becomes its own."""
    http = httpx.AsyncClient(
        transport=httpx.ASGITransport(api, raise_app_exceptions=False), base_url="http://127.0.0.1"
    )
    return _Beside(CookieAsBearer(api), Guarded(_Pages()), _life_of_pages(http, lifespan))


def dashboard_of(server: str) -> ASGIApp:
    """The dashboard of an API at another address."""
    http = httpx.AsyncClient(base_url=server, timeout=httpx.Timeout(ANSWER_SECONDS), limits=POOL, trust_env=False)
    http.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # one viewer's session would be another's

    @asynccontextmanager
    async def closing(_: FastAPI) -> AsyncIterator[None]:
        yield
        await http.aclose()

    return _Beside(CookieAsBearer(Passage(http)), Guarded(_Pages()), _life_of_pages(http, closing))


class _Beside:
    """ASGI: what lies under `/api/` is the API's, all else are pages; both have one lifespan."""

    def __init__(self, api: ASGIApp, pages: ASGIApp, life: ASGIApp) -> None:
        self._api, self._pages, self._life = api, pages, life

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._life(scope, receive, send)
        elif scope["type"] == "http" and scope["path"].startswith(API):
            await self._api(scope, receive, send)
        else:
            await self._pages(scope, receive, send)


class _Pages:
    """ASGI: NiceGUI's application, of which a viewer's websocket is a mount.

    That is asked directly: all layers of an application would stay around it as long as it is open, and pass on each message.
    """

    def __init__(self) -> None:
        mounts = (route for route in app.routes if isinstance(route, Mount))
        self._sockets = next(mount.app for mount in mounts if mount.path == SOCKETS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and scope["path"].startswith(f"{SOCKETS}/"):
            await self._sockets({**scope, "root_path": SOCKETS}, receive, send)
        else:
            await app(scope, receive, send)


def _warm(lifespan: Lifespan) -> Lifespan:
    """With a first page, one that needs no API, asked for by ourselves: what it imports and compiles holds nobody up then.

    It stays, and is left out where Python looks for garbage: that pause grows with all that is looked through.
    """

    @asynccontextmanager
    async def warmed(life: FastAPI) -> AsyncIterator[None]:
        async with lifespan(life):
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as first:
                await first.get("/login")
            gc.collect()
            gc.freeze()
            yield
            gc.unfreeze()

    return warmed


def _life_of_pages(http: httpx.AsyncClient, lifespan: Lifespan) -> FastAPI:
    """Has NiceGUI's application answer for our pages; what comes back is asked for its lifespan alone.

    NiceGUI would have requests come through it: two applications, each with its layers, around every websocket of a viewer.
    """
    life = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, lifespan=_warm(lifespan))
    site = Site(http)
    for page in PAGES:
        page.install(site)
    app.config.quasar_config["loadingBar"]["skipHijack"] = True  # it has no name, and would come with every request
    ui.run_with(
        life,
        title="Rewardsmith",
        favicon=Path(__file__).with_name("icon.svg"),
        dark=None,
        language="en-US",
        tailwind=False,
        reconnect_timeout=RECONNECT_SECONDS,
        show_welcome_message=False,
    )
    return life
