"""schemathesis asks all that the OpenAPI document allows, and much that it does not: no answer is a fault, or undocumented."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from service.artifacts import ArtifactStore
from service.schema import OrchestratorPresence, RayState, Scope
from service.store import Store, migrate_store, open_store
from tests.integration.api.conftest import served
from tests.integration.api.whole_run import whole_run
from tests.postgres import Postgres

CONFIG = Path(__file__).with_name("schemathesis.toml").read_text(encoding="utf-8")
EXAMPLE_RUN = "r-0123456789"
pytestmark = pytest.mark.timeout(900)  # half a minute where nothing else runs


@dataclass(frozen=True)
class Asked:
    """What schemathesis said of the service, and with which statuses that answered each method."""

    found_nothing: bool
    words: str
    answers: set[tuple[str, int]]

    @property
    def statuses(self) -> set[int]:
        return {status for _, status in self.answers}


def ask(store: Store, folder: Path, token: str | None, *options: str) -> Asked:
    """Has schemathesis ask a service over this store, in a process of its own, with a token or without.

    The run that the document takes for an example is one that is stored, with all its parts, and worked on, so that it stays.
    """
    artifacts = ArtifactStore(str(folder / "artifacts"))
    worked_on = whole_run(store, artifacts)
    runs, ended = [worked_on, whole_run(store, artifacts, completed=True)], whole_run(store, artifacts, completed=True)
    candidates = [f"{worked_on}-{place}" for place in ("1-0", "1-1", "1-3", "2-0")]
    known = {"runs": runs, "ended": [ended], "candidates": candidates}
    config, document, report = folder / "schemathesis.toml", folder / "openapi.json", folder / "asked.har"
    config.write_text(CONFIG + "".join(f"{name}.values = {json.dumps(ids)}\n" for name, ids in known.items()))
    at = datetime.now(UTC) + timedelta(hours=1)  # its last sign of life, for as long as this takes
    store.orchestrators.here(
        OrchestratorPresence(
            owner="here:1:1", started_at=at, seen_at=at, runs=0, runs_at_once=2, ray=RayState.CONNECTED
        )
    )
    with served(store, folder, open_access=False, requests_per_minute=1_000_000) as client:
        document.write_text(client.get("/openapi.json").text.replace(EXAMPLE_RUN, worked_on), encoding="utf-8")
        command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run", str(document)]
        command += ["--url", str(client.base_url).partition("/api")[0], "--report-har-path", str(report), *options]
        command += [] if token is None else ["--header", f"Authorization: Bearer {token}"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    entries = json.loads(report.read_text(encoding="utf-8"))["log"]["entries"]
    answers = {(one["request"]["method"], one["response"]["status"]) for one in entries}
    return Asked(done.returncode == 0, done.stdout + done.stderr, answers)


@pytest.fixture
def own_store(postgres: Postgres) -> Iterator[Store]:
    """An empty store on PostgreSQL, which takes less than SQLite does: no NUL in a text, no number beyond its column."""
    url = postgres.create("asked")
    migrate_store(url)
    store = open_store(url)
    yield store
    store.close()


def test_nothing_that_can_be_asked_is_a_fault_or_undocumented(own_store: Store, tmp_path: Path) -> None:
    token = own_store.tokens.create("all", Scope.ADMIN).secret
    asked = ask(own_store, tmp_path, token, "--max-examples", "5")
    assert asked.found_nothing, asked.words
    assert "Tested: 36" in asked.words  # as many as `test_document.py` counts
    assert {200, 201, 204, 401, 404, 405, 409, 422} <= asked.statuses


@pytest.mark.parametrize(("scope", "refusal"), [(None, 401), (Scope.READ, 403)])
def test_who_may_not_is_refused_as_the_document_says(
    own_store: Store, tmp_path: Path, scope: Scope | None, refusal: int
) -> None:
    token = None if scope is None else own_store.tokens.create(scope, scope).secret
    asked = ask(own_store, tmp_path, token, "--phases", "examples")
    assert asked.found_nothing, asked.words
    refused = {method for method, status in asked.answers if status == refusal}
    assert refused == ({"POST", "DELETE"} if scope else {"GET", "POST", "DELETE"})
    assert not any(method != "GET" and status < 400 for method, status in asked.answers)
