from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from service.store import Store
from service.store.database import Database
from tests.integration.api.conftest import served

HOPPER = {"task": "hop", "environment": "Hopper-v5"}
REWARD = "def compute_reward(time):\n    return time, {'time': time}\n"
JSON = {"content-type": "application/json"}


def problem(answer: httpx.Response, status: int, name: str) -> dict[str, str]:
    """Checks the form of a problem; its errors as messages by field."""
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert set(document) == {"type", "title", "status", "detail", "errors"}
    assert (document["type"], document["status"]) == (f"urn:rewardsmith:problem:{name}", status)
    assert document["detail"]
    assert "Traceback" not in answer.text
    return {error["field"]: error["message"] for error in document["errors"]}


@pytest.mark.parametrize(
    ("fields", "field", "told"),
    [
        ({"environment": "Hoper-v5"}, "environment", "Hopper-v5"),
        ({"fitness": "distanse"}, "fitness", "unknown metric"),
        ({"designer": "openai/some-model"}, "designer", "OPENAI_API_KEY"),
        ({"task": ""}, "task", "at least 1 character"),
        ({"budget": {"usd": 0}}, "budget.usd", "greater than 0"),
        ({"budget": {"usd": 1}, "designer": "openai/of-my-own-server"}, "budget.usd", "no price is known"),
        ({"budget": {"environment_steps": -1}}, "budget.environment_steps", "greater than 0"),
        ({"training": {"steps": 0}}, "training.steps", "greater than 0"),
        ({"training": {"steps": 16_383}}, "training.steps", "at least 16384"),
        ({"training": {"steps": 10**30}}, "training.steps", "more than"),
        ({"training": {"ppo": {"hidden_sizes": [64, 10**9]}}}, "training.ppo.hidden_sizes.1", "less than or equal"),
        ({"training": {"ppo": {"hidden_sizes": [64] * 9}}}, "training.ppo.hidden_sizes", "at most 8"),
        ({"training": {"ppo": {"epochs": 10**9}}}, "training.ppo.epochs", "less than or equal"),
        ({"training": {"ppo": {"minibatch_size": 10**30}}}, "training.ppo.minibatch_size", "less than or equal"),
        ({"budget": {"environment_steps": 10**30}}, "budget.environment_steps", "less than or equal"),
        (
            {"seed_rewards": [f"import os\n{REWARD}"]},
            "seed_rewards.0",
            "import os is refused",
        ),
        ({"model_base_url": "http://elsewhere"}, "model_base_url", "Extra inputs are not permitted"),
    ],
)
def test_a_run_that_cannot_be_done_is_refused_before_it_is_stored(
    client: httpx.Client, store: Store, fields: dict[str, object], field: str, told: str
) -> None:
    before = store.list_runs(limit=1)
    errors = problem(client.post("/runs", json=HOPPER | fields), 422, "invalid-request")
    assert told in errors[field]
    assert store.list_runs(limit=1) == before


@pytest.mark.parametrize(
    ("section", "field"),
    [
        (b'"training":{"ppo":{"learning_rate":Infinity}}', "training.ppo.learning_rate"),
        (b'"training":{"ppo":{"initial_log_std":NaN}}', "training.ppo.initial_log_std"),
        (b'"budget":{"usd":1e999}', "budget.usd"),
        (b'"temperature":NaN', "temperature"),
    ],
)
def test_a_figure_that_is_not_finite_is_refused(client: httpx.Client, section: bytes, field: str) -> None:
    body = b'{"task":"hop","environment":"Hopper-v5",' + section + b"}"

    assert field in problem(client.post("/runs", content=body, headers=JSON), 422, "invalid-request")


@pytest.mark.parametrize(
    "fields",
    [
        {"training": {"ppo": {"hidden_sizes": ["a"] * 100_000}}},
        {f"unknown_{number}": 1 for number in range(20_000)},
        {"search": {"candidates": 64}, "seed_rewards": [f"import os\n{REWARD}" * 20] * 64},
    ],
    ids=["wrong elements", "unknown fields", "faults of many rewards"],
)
def test_an_answer_stays_short_however_many_faults_a_request_has(
    client: httpx.Client, fields: dict[str, object]
) -> None:
    answer = client.post("/runs", json=HOPPER | fields)

    assert len(problem(answer, 422, "invalid-request")) <= 64
    assert len(answer.content) < 100_000


def test_a_body_that_is_no_json_is_refused(client: httpx.Client) -> None:
    answer = client.post("/runs", content=b'{"task": ', headers=JSON)
    assert problem(answer, 422, "invalid-request")["body"].startswith("not JSON")


def test_a_body_that_is_no_utf8_is_refused(client: httpx.Client) -> None:
    problem(client.post("/runs", content=b'{"task": "\xff"}', headers=JSON), 400, "bad-request")


def test_text_that_utf8_cannot_hold_is_refused(client: httpx.Client) -> None:
    answer = client.post("/runs", content=b'{"task": "\\ud800", "environment": "Hopper-v5"}', headers=JSON)
    assert "unicode" in problem(answer, 422, "invalid-request")["task"]


def pieces(size: int) -> Iterator[bytes]:
    for start in range(0, size, 1 << 16):
        yield b" " * min(1 << 16, size - start)


@pytest.mark.parametrize("declared", [True, False], ids=["with its length declared", "in pieces"])
def test_a_body_of_more_than_a_mebibyte_is_refused(client: httpx.Client, declared: bool) -> None:
    size = (1 << 20) + 1
    answer = client.post("/runs", content=b" " * size if declared else pieces(size), headers=JSON)
    problem(answer, 413, "request-entity-too-large")


def test_a_body_of_a_mebibyte_is_read(client: httpx.Client) -> None:
    assert problem(client.post("/runs", content=b" " * (1 << 20), headers=JSON), 422, "invalid-request")


@pytest.mark.parametrize(
    "path", ["/runs/r-nowhere", "/runs/r-nowhere/candidates", "/runs/r-nowhere/export", "/environments/Hop", "/nowhere"]
)
def test_what_is_not_there_is_not_found(client: httpx.Client, path: str) -> None:
    problem(client.get(path), 404, "not-found")


def test_an_environment_that_is_not_there_is_told_with_the_nearest(client: httpx.Client) -> None:
    assert "Hopper-v5" in client.get("/environments/Hoper-v5").json()["detail"]


@pytest.mark.parametrize("path", ["/runs/a b", "/runs/%00", "/runs/..%2Fetc", "/runs/' OR 1=1", f"/runs/{'x' * 65}"])
def test_an_id_of_another_form_is_refused(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code in (404, 422)
    assert client.get(path).headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "201"}, "limit"),
        ({"state": "asleep"}, "state"),
        ({"cursor": "abc"}, "cursor"),
        ({"cursor": "\udcff".encode("utf-8", "surrogateescape")}, "cursor"),
    ],
)
def test_a_query_that_cannot_be_answered_is_refused(client: httpx.Client, query: dict[str, str], field: str) -> None:
    assert field in problem(client.get("/runs", params=query), 422, "invalid-request")


def test_a_method_that_a_route_lacks_is_told_with_those_it_has(client: httpx.Client) -> None:
    answer = client.delete("/runs")
    problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "GET, POST"


def test_an_error_of_the_service_itself_keeps_its_secrets(client: httpx.Client) -> None:
    answer = client.post("/runs", json=HOPPER | {"designer": "breaks-down"})
    problem(answer, 500, "internal-error")
    assert "secret" not in answer.text


def logged(caplog: pytest.LogCaptureFixture) -> str:
    """The one line that the problem handlers wrote."""
    [line] = [record.getMessage() for record in caplog.records if record.name == "service.api.errors"]
    return line


def test_a_database_that_cannot_be_written_is_told_with_how_to_mend_it_in_the_log_alone(
    read_only_client: httpx.Client, run_id: str, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert read_only_client.get(f"/runs/{run_id}").status_code == 200
    answer = read_only_client.post("/runs", json=HOPPER)
    problem(answer, 503, "store-unavailable")
    assert answer.json()["detail"] == "the database cannot be used now: the log of the service says why"
    assert "make the file and its folder writable" in logged(caplog)
    assert f"{folder}/runs.db" in logged(caplog)


def test_nobody_learns_where_a_database_out_of_reach_is(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    away = Store(Database("postgresql+psycopg://keeper@127.0.0.1:1/vault"))  # nothing listens on port 1
    with served(away, tmp_path) as client:
        answer = client.get("/runs")
    away.close()
    problem(answer, 503, "store-unavailable")
    assert answer.json()["detail"] == "the database cannot be used now: the log of the service says why"
    assert "keeper@127.0.0.1:1/vault: the database cannot be reached" in logged(caplog)


def test_nobody_learns_where_artifacts_out_of_reach_are(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "artifacts").write_text("not a folder")
    with served(store, tmp_path) as client:
        answer = client.get(f"/meshes/{'0' * 64}")
    problem(answer, 503, "artifacts-unavailable")
    assert (
        answer.json()["detail"] == "policies and replays cannot be read or written now: the log of the service says why"
    )
    assert str(tmp_path) in logged(caplog)
