"""What components read of an API elsewhere goes there and back as it is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx

from service.dashboard.passage import Passage


def ask(
    answer: httpx.Response | Exception, method: str = "GET", headers: dict[str, str] | None = None
) -> tuple[httpx.Response, list[httpx.Request]]:
    seen: list[httpx.Request] = []

    def answered(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def asked() -> httpx.Response:
        passage = Passage(httpx.AsyncClient(transport=httpx.MockTransport(answered), base_url="https://api.test"))
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(passage), base_url="http://dashboard.test"
        ) as client:
            return await client.request(method, "/api/v1/runs/r%2F1/replay?points=3", headers=headers)

    return asyncio.run(asked()), seen


async def parts(*given: bytes) -> AsyncIterator[bytes]:
    for part in given:
        yield part


def test_an_answer_comes_back_with_its_status_and_what_describes_it() -> None:
    there = httpx.Response(
        200,
        content=parts(b"\x00", b"\x01"),
        headers={"Content-Type": "application/x", "ETag": '"1"', "Server": "theirs"},
    )
    answer, [request] = ask(there, headers={"Authorization": "Bearer t", "Cookie": "secret=1"})
    assert (answer.content, answer.headers["content-type"], answer.headers["etag"]) == (
        b"\x00\x01",
        "application/x",
        '"1"',
    )
    assert "server" not in answer.headers
    assert str(request.url) == "https://api.test/api/v1/runs/r%2F1/replay?points=3"
    assert request.headers["authorization"] == "Bearer t"
    assert "cookie" not in request.headers


def test_what_is_compressed_stays_so() -> None:
    answer, [request] = ask(
        httpx.Response(206, content=parts(b"not really", b" gzip"), headers={"Cache-Control": "private"}),
        headers={"Accept-Encoding": "br"},
    )
    assert (answer.status_code, answer.content, answer.headers["cache-control"]) == (206, b"not really gzip", "private")
    assert request.headers["accept-encoding"] == "br"


def test_nothing_is_changed_through_it() -> None:
    answer, seen = ask(httpx.Response(200), method="POST")
    assert (answer.status_code, seen) == (405, [])
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_api_that_is_away_is_a_problem_that_says_so() -> None:
    answer, _ = ask(httpx.ConnectError("refused"))
    assert (answer.status_code, answer.json()["detail"]) == (502, "the API does not answer (ConnectError)")
