from __future__ import annotations

import httpx
import pytest

from service.cli.client import Client
from service.cli.faults import Infrastructure, Unreachable
from service.cli.following import patiently

SERVER = "https://lab.example"
RUNS = {"items": [], "next_cursor": None}


def client(*answers: httpx.Response | Exception) -> Client:
    """A client of a server that gives these answers, one after the other."""
    left = list(answers)

    def answer(_: httpx.Request) -> httpx.Response:
        given = left.pop(0)
        if isinstance(given, Exception):
            raise given
        return given

    return Client(httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url=SERVER), SERVER)


def test_a_server_that_is_away_for_a_while_is_asked_again(capsys: pytest.CaptureFixture[str]) -> None:
    away = (httpx.ConnectError("connection refused"), httpx.Response(503, text="<html>"))
    with client(*away, httpx.Response(200, json=RUNS)) as api:
        assert patiently(lambda: api.runs(5)) == ()
    told = capsys.readouterr().err.splitlines()
    assert told[0].startswith("https://lab.example cannot be reached: connection refused; check REWARDSMITH_URL")
    assert told[1].startswith("answered again after ")
    assert len(told) == 2


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_server_that_stays_away_is_given_up(status: int) -> None:
    with client(httpx.Response(status, text="<html>")) as api, pytest.raises(Unreachable, match=str(status)):
        patiently(lambda: api.runs(5), seconds=0)


def test_a_mistake_of_the_server_is_not_asked_for_again() -> None:
    with client(httpx.Response(500, json={"detail": "failed inside"})) as api, pytest.raises(Infrastructure) as fault:
        patiently(lambda: api.runs(5))
    assert not isinstance(fault.value, Unreachable)
