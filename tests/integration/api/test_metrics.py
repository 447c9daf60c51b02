"""Metrics as Prometheus scrapes them: by its own parser, over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from service.api.metrics import DeploymentCollector
from service.schema import Fault, RunState, Scope, Usage, Verdict
from service.store import Store, Writer, open_store
from tests.integration.api.conftest import served
from tests.integration.store.test_candidates import candidate

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def scraped(client: httpx.Client) -> Samples:
    answer = client.get("/metrics")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain; version=")
    families = text_string_to_metric_families(answer.text)
    return {(one.name, frozenset(one.labels.items())): one.value for family in families for one in family.samples}


def sample(samples: Samples, name: str, **labels: str) -> float | None:
    return samples.get((f"rewardsmith_{name}", frozenset(labels.items())))


def requests(client: httpx.Client, method: str, route: str, status: str) -> float:
    name = "http_request_duration_seconds_count"
    return sample(scraped(client), name, method=method, route=route, status=status) or 0.0


def test_what_a_run_has_used_is_told_whoever_is_asked(
    client: httpx.Client, store: Store, folder: Path, writer: Writer
) -> None:
    hostile = 'openai/a"} 1\nforged_total 7 # {'
    writer.start_iteration(1)
    completion = writer.intend_completion(1, 0, 0, hostile, ())
    writer.store_completion(completion.id, "", "proposed", (), Usage(prompt_tokens=100, completion_tokens=10, usd=0.25))
    fault = Fault(code="killed", message="its process ended")
    writer.add_candidate(candidate(writer, state="rejected", verdict=Verdict(accepted=False, faults=(fault,))))
    with served(store, folder) as another:  # made now, so that it has no older figures
        told = scraped(another)
    assert sample(told, "completions_total", model=hostile, state="stored") == 1.0
    assert sample(told, "tokens_total", model=hostile, kind="prompt") == 100.0
    assert sample(told, "cost_usd_total", model=hostile) == 0.25
    assert (sample(told, "sandbox_kills_total", kind="killed") or 0) >= 1.0
    assert sample(told, "sandbox_kills_total", kind="timeout") == 0.0  # there from the start
    assert (sample(told, "runs", state="running") or 0) >= 1.0
    assert not any(name.startswith("forged") for name, _ in told)
    assert all(sample(told, "runs", state=state) is not None for state in RunState)


def test_the_database_is_not_asked_again_within_five_seconds(tmp_path: Path) -> None:
    now = 100.0
    store = open_store(f"sqlite:///{tmp_path}/runs.db")
    collector = DeploymentCollector(store, lambda: now)
    first = list(collector.collect())
    store.close()
    (tmp_path / "runs.db").rename(tmp_path / "away.db")
    now = 104.9
    assert [family.samples for family in collector.collect()] == [family.samples for family in first]


def test_the_queue_grows_older_between_two_looks_at_the_database(
    client: httpx.Client, run_id: str, store: Store
) -> None:
    queued = store.get_run(run_id).created_at
    collector = DeploymentCollector(store)
    [first, later] = [next(one for one in collector.collect() if one.name.endswith("queue_age_seconds")) for _ in "ab"]
    waited = (datetime.now(UTC) - queued).total_seconds()
    assert 0.0 <= first.samples[0].value <= later.samples[0].value
    assert later.samples[0].value >= waited - 60.0


def test_requests_are_timed_by_template_and_never_by_path(client: httpx.Client, run_id: str) -> None:
    route = "/api/v1/runs/{run_id}"
    known, unknown = requests(client, "GET", route, "200"), requests(client, "GET", "unknown", "404")
    client.get(f"/runs/{run_id}")
    client.get("/nowhere/forged%0Atotal")
    client.get("/nowhere/else")
    assert requests(client, "GET", route, "200") == known + 1
    assert requests(client, "GET", "unknown", "404") == unknown + 2
    assert "nowhere" not in client.get("/metrics").text
    assert run_id not in client.get("/metrics").text


def test_methods_that_no_route_has_share_one_label(client: httpx.Client) -> None:
    before = requests(client, "other", "/api/v1/runs", "405")
    for method in ("PROPFIND", "MKCOL"):
        client.request(method, "/runs")
    assert requests(client, "other", "/api/v1/runs", "405") == before + 2


def test_a_stream_of_events_comes_as_it_is_written_and_is_timed_by_its_first_byte(
    client: httpx.Client, run_id: str
) -> None:
    route = "/api/v1/runs/{run_id}/events"
    before = requests(client, "GET", route, "200")
    with client.stream("GET", f"/runs/{run_id}/events", headers={"Accept": "text/event-stream"}) as stream:
        assert next(stream.iter_lines()).startswith("id: ")  # though the stream has no end yet
        assert requests(client, "GET", route, "200") == before + 1


def test_every_answer_bears_an_id_of_its_own(client: httpx.Client) -> None:
    ids = {client.get(path).headers["x-request-id"] for path in ("/healthz", "/healthz", "/nowhere")}
    assert len(ids) == 3


def test_metrics_are_read_with_a_token_that_may_read(store: Store, folder: Path) -> None:
    reader = store.tokens.create("prometheus", Scope.READ).secret
    with served(store, folder, open_access=False) as guarded:
        assert guarded.get("/metrics").status_code == 401
        assert guarded.get("/metrics", headers={"Authorization": f"Bearer {reader}"}).status_code == 200
