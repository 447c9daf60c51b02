"""What the API's answers mean to a page."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from service.dashboard.client import Api
from service.dashboard.faults import ApiAway, ApiRefused, LoggedOut
from service.schema import Readiness


def api(answer: httpx.Response | Exception, seen: list[httpx.Request] | None = None, token: str | None = None) -> Api:
    """An API that always gives that answer."""

    def answered(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return Api(httpx.AsyncClient(transport=httpx.MockTransport(answered), base_url="http://api.test"), token)


def problem(status: int, detail: str, *errors: dict[str, str]) -> httpx.Response:
    return httpx.Response(status, json={"title": "a problem", "detail": detail, "errors": list(errors)})


def test_a_problem_names_the_fields_at_fault() -> None:
    refused = problem(
        422, "two fields", {"field": "task", "message": "say one"}, {"field": "designer", "message": "no key"}
    )
    with pytest.raises(ApiRefused, match="task: say one; designer: no key") as caught:
        asyncio.run(api(refused).estimate("{}"))
    assert caught.value.fields == {"task": "say one", "designer": "no key"}


def test_who_has_no_token_is_logged_out() -> None:
    with pytest.raises(LoggedOut, match="unknown or revoked"):
        asyncio.run(api(problem(401, "unknown or revoked")).runs({}))


def test_who_has_no_token_is_logged_out_also_where_others_without_one_ask_too_often() -> None:
    often = problem(429, "more than 600 requests a minute; ask again in 1 s")
    with pytest.raises(LoggedOut):
        asyncio.run(api(often).runs({}))
    with pytest.raises(ApiRefused, match="more than 600") as caught:
        asyncio.run(api(often, token="rewardsmith_abc").runs({}))
    assert not isinstance(caught.value, LoggedOut)


def test_what_is_not_there_is_missing() -> None:
    with pytest.raises(ApiRefused, match="no run") as caught:
        asyncio.run(api(problem(404, "no run")).run("r-1"))
    assert caught.value.missing


@pytest.mark.parametrize(
    "answer",
    [
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
        httpx.Response(502, text="<html>a proxy</html>"),
        httpx.Response(200, text="not JSON"),
    ],
)
def test_an_api_that_cannot_be_read_is_away(answer: httpx.Response | Exception) -> None:
    with pytest.raises(ApiAway):
        asyncio.run(api(answer).run("r-1"))


def test_a_name_never_becomes_another_path() -> None:
    seen: list[httpx.Request] = []
    with pytest.raises(ApiAway):
        asyncio.run(api(httpx.Response(200), seen).run("../tokens?x=1#y"))
    assert seen[0].url.raw_path == b"/api/v1/runs/..%2Ftokens%3Fx%3D1%23y"


def test_calls_are_made_in_the_name_of_whoever_looks() -> None:
    seen: list[httpx.Request] = []
    with pytest.raises(ApiAway):
        asyncio.run(api(httpx.Response(200), seen, token="rewardsmith_abc").run("r-1"))
    assert seen[0].headers["Authorization"] == "Bearer rewardsmith_abc"


def test_what_is_not_ready_says_why() -> None:
    answer = httpx.Response(503, json={"ready": False, "checks": [{"name": "ray", "ok": False, "detail": "none"}]})
    assert isinstance(asyncio.run(api(answer).readiness()), Readiness)
