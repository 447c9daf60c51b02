"""The API of another process at this address: what components in a browser read goes there and back as it is."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

ASKED = ("accept", "accept-encoding", "authorization", "if-none-match", "last-event-id")
ANSWERED = (
    "content-type",
    "content-encoding",
    "content-disposition",
    "content-length",
    "cache-control",
    "etag",
    "x-request-id",
    "retry-after",
)
PLAIN = {"accept-encoding": "identity"}
"""For browsers that name no encoding: httpx would name its own."""
PROBLEM = "application/problem+json"


class Passage:
    """ASGI: passes reading requests on. Whatever changes something is asked for by the pages themselves."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers as the API does."""
        await (await self._answer(Request(scope, receive)))(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return _problem(405, "the dashboard passes on what reads alone; ask the API itself")
        scope = request.scope
        url = httpx.URL(raw_path=scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b""))
        asked = self._http.build_request(request.method, url, headers=PLAIN | _some(request.headers, ASKED))
        try:
            answer = await self._http.send(asked, stream=True)
        except httpx.HTTPError as error:
            return _problem(502, f"the API does not answer ({type(error).__name__})")
        return StreamingResponse(_raw(answer), answer.status_code, _some(answer.headers, ANSWERED))


async def _raw(answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for part in answer.aiter_raw():
            yield part
    finally:
        await answer.aclose()


def _some(headers: Headers | httpx.Headers, names: tuple[str, ...]) -> dict[str, str]:
    return {name: headers[name] for name in names if name in headers}


def _problem(status: int, detail: str) -> Response:
    body = {"type": "about:blank", "title": "Not passed on", "status": status, "detail": detail, "errors": []}
    return JSONResponse(body, status, media_type=PROBLEM)
