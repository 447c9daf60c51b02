"""Who looks: a browser keeps the token that it logged in with in a cookie that no script can read.

All of it is ASGI, since what is made for HTTP alone would let websockets pass.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "rewardsmith_token"
READING = ("GET", "HEAD")
POLICY = "; ".join(
    (
        "default-src 'self'",
        # NiceGUI writes its pages' state into a script, and Vue makes functions of its templates.
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


class Guarded:
    """ASGI around the pages: what another site's page asks for is refused, and browsers are told what a page may load."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on, or answers 403."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        changes = scope["type"] == "websocket" or scope["method"] not in READING
        origin = headers.get("origin")
        if changes and origin is not None and urlsplit(origin).netloc != headers.get("host"):
            await PlainTextResponse("asked for by a page of another site", 403)(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                told = MutableHeaders(scope=message)
                told["Content-Security-Policy"] = POLICY
                told["X-Content-Type-Options"] = "nosniff"
                told["Referrer-Policy"] = "same-origin"
            await send(message)

        await self._app(scope, receive, guarded)


class CookieAsBearer:
    """ASGI around the API: who reads with a browser's cookie and no token of its own bears the cookie's token.

    For reading alone: a cookie goes along with requests that its owner did not mean, a token does not.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on."""
        if scope["type"] == "http" and scope["method"] in READING:
            headers = Headers(scope=scope)
            token = token_in(headers.get("cookie", ""))
            if token is not None and "authorization" not in headers:
                scope = {**scope, "headers": [*scope["headers"], (b"authorization", b"Bearer " + token.encode())]}
        await self._app(scope, receive, send)


def token_in(cookies: str) -> str | None:
    """The token that a `Cookie` header holds, if it has one."""
    found = cookie_parser(cookies).get(COOKIE)  # as pages read it: cookies of others at this address may be of any form
    return found if found and found.isascii() and found.isprintable() else None
