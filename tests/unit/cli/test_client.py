from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from service.cli.client import Client
from service.cli.faults import BadInput, Infrastructure


def client(answer: Callable[[httpx.Request], httpx.Response]) -> Client:
    return Client(httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://rewardsmith"))


def problem(status: int, body: dict[str, object]) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _: httpx.Response(status, json=body, headers={"Content-Type": "application/problem+json"})


def test_a_refusal_names_the_option_that_each_field_came_by() -> None:
    body = {
        "title": "Invalid request",
        "detail": "…",
        "errors": [{"field": "training.steps", "message": "10 are too few"}, {"field": "x.y", "message": "no"}],
    }
    with client(problem(422, body)) as api, pytest.raises(BadInput, match=r"^--steps: 10 are too few; x\.y: no$"):
        api.get_run("r-1")


def test_a_refusal_without_fields_gives_its_detail() -> None:
    with (
        client(problem(409, {"title": "Conflict", "detail": "it has ended"})) as api,
        pytest.raises(BadInput, match="it has ended"),
    ):
        api.steer("r-1", "resume")


def test_a_fault_of_the_service_is_no_fault_of_the_user() -> None:
    with (
        client(problem(503, {"detail": "the disk is full"})) as api,
        pytest.raises(Infrastructure, match="the disk is full"),
    ):
        api.runs(5)


def test_an_answer_that_is_no_problem_is_told_by_its_status() -> None:
    with client(lambda _: httpx.Response(502, text="<html>")) as api, pytest.raises(Infrastructure, match="502"):
        api.runs(5)


def test_a_server_out_of_reach_is_an_infrastructure_fault() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("connection refused", request=request)

    with client(refuse) as api, pytest.raises(Infrastructure, match="connection refused"):
        api.runs(5)


def test_a_name_never_becomes_another_path() -> None:
    asked: list[str] = []

    def note(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.raw_path.decode())
        return problem(404, {"detail": "no"})(request)

    with client(note) as api, pytest.raises(BadInput):
        api.get_run("../environments?x=1#y")
    assert asked == ["/api/v1/runs/..%2Fenvironments%3Fx%3D1%23y"]
