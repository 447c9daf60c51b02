"""What the log says of requests."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from service.schema import Scope
from service.store import Store
from tests.integration.api.conftest import served

OBSERVED = "service.api.observed"
ACCESS = "service.api.access"


def said(caplog: pytest.LogCaptureFixture, name: str) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.name == name]


def test_a_request_is_one_line_with_its_route_and_not_its_path(
    store: Store, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with served(store, folder) as client:  # a line is written after the answer: all are when the server has ended
        client.get("/runs/r-nowhere?after=%1b%0aforged")
    [line] = said(caplog, OBSERVED)
    assert line.getMessage() == "GET /api/v1/runs/{run_id}: 404"
    assert (vars(line)["route"], vars(line)["status"]) == ("/api/v1/runs/{run_id}", 404)
    assert vars(line)["seconds"] > 0.0
    assert "forged" not in str(vars(line))


def test_signs_of_life_and_scrapes_are_no_news(store: Store, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with served(store, folder) as client:
        client.get("/healthz")
        client.get("/metrics")
    assert said(caplog, OBSERVED) == []


def test_a_mistake_of_ours_is_logged_once_with_its_trace_and_answered_with_nothing_of_it(
    store: Store, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    request = {"task": "hop", "environment": "Hopper-v5", "designer": "breaks-down"}
    with served(store, folder) as client:
        answer = client.post("/runs", json=request)
    assert answer.status_code == 500
    assert "a secret of the service" not in answer.text
    assert answer.headers["x-request-id"]
    error, line = said(caplog, OBSERVED)
    assert error.levelno == logging.ERROR
    assert error.exc_info is not None
    assert str(error.exc_info[1]) == "a secret of the service"
    assert (line.levelno, line.getMessage()) == (logging.WARNING, "POST /api/v1/runs: 500")
    assert [record.name for record in caplog.records if record.levelno >= logging.WARNING] == [OBSERVED, OBSERVED]


def test_who_is_refused_is_told_of_without_what_was_shown(
    store: Store, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    reader = store.tokens.create("reader\nforged", Scope.READ)
    with served(store, folder, open_access=False) as guarded:
        guarded.get("/runs")
        guarded.get("/runs", headers={"Authorization": "Bearer guessed-by-somebody"})
        guarded.delete("/runs/r-1", headers={"Authorization": f"Bearer {reader.secret}"})
    assert [record.getMessage() for record in said(caplog, ACCESS)] == [
        "refused: somebody at 127.0.0.1 without a valid token: none was given",
        "refused: somebody at 127.0.0.1 without a valid token: the one given is unknown or revoked",
        f"refused: token {reader.token.id} of scope read, scope admin is needed",
    ]
    assert reader.secret not in caplog.text
    assert "guessed-by-somebody" not in caplog.text
