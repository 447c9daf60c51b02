"""What all pages share: who looks at them, the frame around them, and what is shown where the API has no answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

import httpx
from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from nicegui import ui

from service.dashboard.client import Api
from service.dashboard.components.header import Key
from service.dashboard.faults import ApiAway, ApiRefused, DashboardFault, LoggedOut
from service.dashboard.following import Following
from service.dashboard.frame import frame, heading
from service.dashboard.notice import Notice
from service.dashboard.session import COOKIE

BUILT_SECONDS = 30.0


@dataclass(frozen=True)
class Visit:
    """One person at one page: the API in their name, and what the page's address says."""

    api: Api
    following: Following
    notice: Notice
    path: Mapping[str, str]
    query: Mapping[str, str]


Build = Callable[[Visit], Awaitable[None]]


class Site:
    """The pages of one process; `http` reaches the API."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._following = Following()

    def api(self, token: str | None) -> Api:
        """The API in the name of a token."""
        return Api(self._http, token)

    def page(self, path: str, title: str, keys: Sequence[Key] = ()) -> Callable[[Build], Build]:
        """Shows what the function builds at that path, within the frame; `keys` are those of that page alone."""

        def register(build: Build) -> Build:
            async def show(request: Request) -> Response | None:
                return await self._show(build, title, keys, request)

            ui.page(path, title=f"{title} · Rewardsmith", response_timeout=BUILT_SECONDS + 5.0)(show)
            return build

        return register

    async def _show(self, build: Build, title: str, keys: Sequence[Key], request: Request) -> Response | None:
        with frame(title, request.cookies, keys) as (main, notice):
            api = self.api(request.cookies.get(COOKIE))
            visit = Visit(api, self._following, notice, request.path_params, request.query_params)
            try:
                async with asyncio.timeout(BUILT_SECONDS):
                    await build(visit)
            except LoggedOut:
                ui.context.client.delete()  # or whoever asks much and has no token fills the memory with pages
                asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
                return RedirectResponse(f"/login?{urlencode({'next': asked})}", 303)
            except TimeoutError:
                main.clear()
                _tell(ApiAway(f"the API took more than {BUILT_SECONDS:.0f} s for what is on this page; load it again"))
            except DashboardFault as fault:
                main.clear()
                _tell(fault)
        # NiceGUI keeps the request as long as the page: one that keeps nothing of its connection.
        ui.context.client._request = Request(request.scope)
        return None


def _tell(fault: DashboardFault) -> None:
    missing = isinstance(fault, ApiRefused) and fault.missing
    heading("Not here" if missing else "No answer")
    ui.label(str(fault)).classes("rs-notice").props("role=alert")
    ui.link("All runs", "/")


def address(path: str, query: Mapping[str, str]) -> str:
    """A path with what is given of the query."""
    given = {name: value for name, value in query.items() if value}
    return f"{path}?{urlencode(given)}" if given else path


def run_address(run_id: str, candidate_id: str | None = None) -> str:
    """Where a run, or one of its candidates, is shown."""
    run = f"/runs/{quote(run_id, safe='')}"
    return run if candidate_id is None else f"{run}/candidates/{quote(candidate_id, safe='')}"
