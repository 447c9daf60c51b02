"""Who looks: what a browser's cookie lets it do, and what another site's page may not."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.dashboard.session import COOKIE, CookieAsBearer, Guarded, token_in

SITE = "http://dashboard.test"


async def bearing(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the token that the request bears."""
    request = Request(scope, receive)
    await PlainTextResponse(request.headers.get("authorization", "nobody"))(scope, receive, send)


def ask(app: ASGIApp, method: str, headers: dict[str, str]) -> httpx.Response:
    async def asked() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=SITE) as client:
            return await client.request(method, "/", headers=headers)

    return asyncio.run(asked())


def test_who_reads_with_a_cookie_bears_its_token() -> None:
    answer = ask(CookieAsBearer(bearing), "GET", {"Cookie": f"other=1; {COOKIE}=rewardsmith_abc"})
    assert answer.text == "Bearer rewardsmith_abc"


@pytest.mark.parametrize("others", ['a={"x": 1}; ', "a b=1; ", "a(=1; "])
def test_cookies_of_others_at_this_address_may_be_of_any_form(others: str) -> None:
    assert token_in(f"{others}{COOKIE}=rewardsmith_abc") == "rewardsmith_abc"


def test_a_token_of_ones_own_goes_before_the_cookies() -> None:
    headers = {"Cookie": f"{COOKIE}=from-cookie", "Authorization": "Bearer own"}
    assert ask(CookieAsBearer(bearing), "GET", headers).text == "Bearer own"


@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT", "PATCH"])
def test_a_cookie_changes_nothing(method: str) -> None:
    assert ask(CookieAsBearer(bearing), method, {"Cookie": f"{COOKIE}=rewardsmith_abc"}).text == "nobody"


@pytest.mark.parametrize("cookies", ["", "nonsense", f"{COOKIE}=", f'{COOKIE}="a\\012b"', "=; ;"])
def test_what_is_no_token_is_none(cookies: str) -> None:
    assert not token_in(cookies)


@pytest.mark.parametrize("origin", ["http://elsewhere.test", "null", "http://dashboard.test:8000"])
def test_a_page_of_another_site_changes_nothing(origin: str) -> None:
    assert ask(Guarded(bearing), "POST", {"Origin": origin}).status_code == 403


def test_a_page_of_ours_and_a_program_may() -> None:
    assert ask(Guarded(bearing), "POST", {"Origin": SITE}).status_code == 200
    assert ask(Guarded(bearing), "POST", {}).status_code == 200


def test_a_websocket_of_another_site_is_refused() -> None:
    sent: list[Message] = []

    async def refused() -> None:
        async def receive() -> dict[str, str]:
            return {"type": "websocket.connect"}

        async def send(message: Message) -> None:
            sent.append(message)

        headers = [(b"host", b"dashboard.test"), (b"origin", b"http://elsewhere.test")]
        await Guarded(bearing)({"type": "websocket", "path": "/", "headers": headers, "extensions": {}}, receive, send)

    asyncio.run(refused())
    assert (sent[0]["type"], sent[0]["status"]) == ("websocket.http.response.start", 403)  # a denial, and no "accept"


def test_browsers_are_told_what_a_page_may_load() -> None:
    headers = ask(Guarded(bearing), "GET", {}).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "http" not in policy  # no other host is named
    assert headers["X-Content-Type-Options"] == "nosniff"
