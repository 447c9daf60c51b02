"""Who may ask what: tokens, scopes and limits, as a client meets them."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from service.schema import Scope
from service.store import Store
from tests.integration.api.conftest import served

TASK = {"task": "hop forward", "environment": "Hopper-v5"}


@pytest.fixture
def guarded(store: Store, folder: Path) -> Iterator[httpx.Client]:
    """A service that asks everybody for a token."""
    with served(store, folder, open_access=False) as client:
        yield client


def bearing(store: Store, scope: Scope) -> dict[str, str]:
    return {"Authorization": f"Bearer {store.tokens.create(scope, scope).secret}"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer rewardsmith_guessed"},
        {"Authorization": "Basic dXNlcjpwYXNz"},
        {"Authorization": "Bearer ' OR 1=1 --"},
    ],
)
def test_without_a_known_token_nothing_is_told(guarded: httpx.Client, headers: dict[str, str]) -> None:
    for method, path in [("GET", "/runs"), ("POST", "/runs"), ("GET", "/runs/r-1/events"), ("GET", "/environments")]:
        answer = guarded.request(method, path, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.json()["type"] == "urn:rewardsmith:problem:unauthorized"
        assert "rewardsmith token create" in answer.json()["detail"]


def test_a_sign_of_life_and_the_document_are_told_to_anybody(guarded: httpx.Client) -> None:
    assert guarded.get("/healthz").status_code == 200
    document = guarded.get("/openapi.json").json()
    assert document["components"]["securitySchemes"]["HTTPBearer"]["scheme"] == "bearer"


def test_a_token_that_reads_cannot_submit(guarded: httpx.Client, store: Store) -> None:
    headers = bearing(store, Scope.READ)
    assert guarded.get("/runs", headers=headers).status_code == 200
    answer = guarded.post("/runs", headers=headers, json=TASK)
    assert answer.status_code == 403
    assert answer.json()["detail"] == "this takes a token of scope run, and 'read' has scope read"


def test_a_token_that_runs_submits_and_steers(guarded: httpx.Client, store: Store) -> None:
    headers = bearing(store, Scope.RUN)
    run = guarded.post("/runs", headers=headers, json=TASK)
    assert run.status_code == 201
    assert guarded.post(f"/runs/{run.json()['id']}/pause", headers=headers).status_code == 200


def test_a_revoked_token_changes_nothing_from_the_next_request_on(guarded: httpx.Client, store: Store) -> None:
    made = store.tokens.create("lab", Scope.RUN)
    headers = {"Authorization": f"Bearer {made.secret}"}
    assert guarded.get("/runs", headers=headers).status_code == 200
    store.tokens.revoke(made.token.id)
    answer = guarded.post("/runs", headers=headers, json=TASK)
    assert answer.status_code == 401
    assert guarded.get("/runs", headers=headers).status_code == 401  # forgotten by now, whatever the time
    assert "unknown or revoked" in answer.json()["detail"]
    assert made.secret not in answer.text


def test_who_asks_too_often_is_told_when_to_come_back(store: Store, folder: Path) -> None:
    headers = bearing(store, Scope.READ)
    with served(store, folder, open_access=False, requests_per_minute=3) as client:
        assert [client.get("/runs", headers=headers).status_code for _ in range(3)] == [200] * 3
        refused = client.get("/runs", headers=headers)
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["Retry-After"]) <= 20  # one request every 20 seconds
        assert refused.json()["type"] == "urn:rewardsmith:problem:too-many-requests"
        assert client.get("/runs", headers=bearing(store, Scope.READ)).status_code == 200  # another token has its own


def test_no_page_of_another_origin_is_let_in(guarded: httpx.Client, client: httpx.Client) -> None:
    origin = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"}
    for one in (guarded, client):
        answer = one.options("/runs", headers=origin)
        assert not any(name.lower().startswith("access-control") for name in answer.headers)
        assert not any(name.lower().startswith("access-control") for name in one.get("/runs", headers=origin).headers)
