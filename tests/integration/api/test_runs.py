from pathlib import Path

import httpx
import pytest
from pydantic import TypeAdapter

from service.schema import PPOConfig, Run, RunRequest, RunState, RunSummary
from service.store import Store, Writer

HOSTILE = [
    "hop'); DROP TABLE run; --",
    "<script>alert(1)</script> & {{ 7 * 7 }}",
    "one\x00two\x1b[31mthree\r\nfour\u202efive",
    "ħöp 向前跳 🦘",
]


def test_a_submitted_run_is_stored_and_can_be_looked_at(client: httpx.Client, store: Store) -> None:
    answer = client.post("/runs", json={"task": "hop", "environment": "Hopper-v5", "search": {"seed": 5}})
    assert answer.status_code == 201
    run = Run.model_validate_json(answer.content)
    assert answer.headers["location"] == f"/api/v1/runs/{run.id}"
    assert (run.state, run.request.search.seed, run.steps) == (RunState.QUEUED, 5, 163_840)
    assert store.get_run(run.id) == run
    assert Run.model_validate_json(client.get(f"/runs/{run.id}").content) == run


@pytest.mark.parametrize("task", HOSTILE)
def test_a_task_comes_back_as_it_was_said(client: httpx.Client, task: str) -> None:
    run = client.post("/runs", json={"task": task, "environment": "Hopper-v5"}).json()
    assert client.get(f"/runs/{run['id']}").json()["request"]["task"] == task
    [event] = client.get(f"/runs/{run['id']}/events").json()
    assert event["text"].isprintable()


def test_a_run_is_trained_as_its_environment_is_unless_it_is_asked_otherwise(client: httpx.Client) -> None:
    for given, found in (({}, -0.7), ({"epochs": 7}, -0.7), ({"initial_log_std": 0.0}, 0.0)):
        asked = {"task": "run", "environment": "HalfCheetah-v5", "training": {"ppo": given}}
        assert client.post("/runs", json=asked).json()["request"]["training"]["ppo"]["initial_log_std"] == found, given


def test_a_run_tells_every_hyperparameter_of_its_environment_and_those_asked_for(client: httpx.Client) -> None:
    training = {"ppo": {"epochs": 7}}
    asked = {"task": "reach", "environment": "FetchReach-v4", "training": training}
    ppo = client.post("/runs", json=asked).json()["request"]["training"]["ppo"]
    assert (ppo["epochs"], ppo["discount"]) == (7, 0.98)
    assert set(ppo) == set(PPOConfig.model_fields)


def test_runs_are_listed_in_pages(client: httpx.Client) -> None:
    made = [client.post("/runs", json={"task": "hop", "environment": "Hopper-v5"}).json()["id"] for _ in range(3)]
    first = client.get("/runs", params={"limit": 2}).json()
    second = client.get("/runs", params={"limit": 1, "cursor": first["next_cursor"]}).json()
    assert [run["id"] for run in first["items"] + second["items"]] == made[::-1]


def test_runs_are_listed_by_state(client: httpx.Client, run_id: str) -> None:
    client.post(f"/runs/{run_id}/cancel")
    listed = client.get("/runs", params={"state": "cancelled"}).json()["items"]
    assert run_id in [run["id"] for run in listed]
    assert {run["state"] for run in listed} == {"cancelled"}


def test_a_run_is_paused_resumed_and_cancelled(client: httpx.Client, run_id: str) -> None:
    states = [client.post(f"/runs/{run_id}/{wish}").json()["state"] for wish in ("pause", "resume", "cancel")]
    assert states == ["paused", "queued", "cancelled"]


def test_what_a_state_does_not_allow_is_a_conflict_that_says_what_it_does(client: httpx.Client, run_id: str) -> None:
    answer = client.post(f"/runs/{run_id}/resume")
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "urn:rewardsmith:problem:state-conflict",
        "title": "State conflict",
        "status": 409,
        "detail": f"run {run_id} is queued: it cannot resume; allowed here: pause, cancel",
        "errors": [],
    }


def test_the_owner_of_a_running_run_hears_of_a_pause(client: httpx.Client, store: Store, writer: Writer) -> None:
    assert client.post(f"/runs/{writer.claim.run_id}/pause").json()["state"] == "running"
    assert store.heartbeat(writer.claim, 3600.0).wanted is RunState.PAUSED


def test_iterations_candidates_trainings_and_completions_of_a_new_run_are_empty(
    client: httpx.Client, run_id: str
) -> None:
    for part in ("iterations", "candidates", "trainings", "completions"):
        assert client.get(f"/runs/{run_id}/{part}").json() == []


def test_a_run_can_be_exported_as_a_zip(client: httpx.Client, run_id: str) -> None:
    answer = client.get(f"/runs/{run_id}/export")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == f'attachment; filename="{run_id}.zip"'
    assert answer.content.startswith(b"PK")


def test_a_run_whose_card_is_gone_cannot_be_exported(client: httpx.Client, store: Store, run_id: str) -> None:
    gone = store.create_run(RunRequest(task="hop", environment="Gone-v1"), store.get_run(run_id).fitness, 1000)
    answer = client.get(f"/runs/{gone.id}/export")
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:rewardsmith:problem:export-unavailable")
    assert f"run {gone.id} cannot be exported: Gone-v1 has no card here any more" in answer.json()["detail"]


def test_every_environment_can_be_looked_at(client: httpx.Client) -> None:
    listed = client.get("/environments").json()
    ids = [card["id"] for card in listed]
    assert "Hopper-v5" in ids
    assert ids == sorted(ids)
    for one in listed:
        whole = client.get(f"/environments/{one['id']}").json()
        assert [metric["name"] for metric in whole["metrics"]] == one["metrics"]
        assert (len(whole["variables"]), len(whole["baselines"])) == (one["variables"], one["baselines"])


def test_an_environment_is_told_with_the_baselines_that_travel_with_the_package(client: httpx.Client) -> None:
    (baseline,) = client.get("/environments/HalfCheetah-v5").json()["baselines"]
    assert (baseline["fitness"], baseline["steps"], baseline["seeds"]) == ("forward_speed", 327_680, 5)
    assert baseline["human"]["low"] <= baseline["human"]["mean"] <= baseline["human"]["high"]


def test_an_environment_tells_the_hyperparameters_that_it_is_trained_with(client: httpx.Client) -> None:
    assert client.get("/environments/HalfCheetah-v5").json()["ppo"]["initial_log_std"] == -0.7
    assert client.get("/environments/Hopper-v5").json()["ppo"]["initial_log_std"] == 0.0


def test_a_sign_of_life(client: httpx.Client) -> None:
    assert client.get("/healthz").json()["status"] == "ok"


def test_a_stored_run_answers_with_the_schemas_own_types(client: httpx.Client, run_id: str) -> None:
    runs = TypeAdapter(list[RunSummary]).validate_python(client.get("/runs", params={"limit": 200}).json()["items"])
    assert run_id in [run.id for run in runs]


def test_a_run_is_extended_by_what_is_given(client: httpx.Client, run_id: str) -> None:
    run = client.post(f"/runs/{run_id}/extend", json={"iterations": 2, "budget": {"usd": 5.0}}).json()
    assert (run["request"]["search"]["iterations"], run["request"]["budget"]["usd"]) == (5, 5.0)
    refused = client.post(f"/runs/{run_id}/extend", json={})
    assert refused.status_code == 422
    assert "give iterations, or budget, or both" in refused.json()["detail"]


def test_a_deleted_run_is_gone_with_its_artifacts(client: httpx.Client, run_id: str, folder: Path) -> None:
    policy = folder / "artifacts" / "runs" / run_id / "policy.safetensors"
    policy.parent.mkdir(parents=True)
    policy.write_bytes(b"")
    assert client.delete(f"/runs/{run_id}").status_code == 204
    assert not policy.exists()
    assert client.get(f"/runs/{run_id}").status_code == 404
    assert client.delete(f"/runs/{run_id}").status_code == 404


def test_a_run_that_is_worked_on_is_not_deleted(client: httpx.Client, writer: Writer) -> None:
    assert client.delete(f"/runs/{writer.claim.run_id}").status_code == 409
