from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from service.schema import OrchestratorPresence, RayState, Readiness
from service.store import Store, open_store
from tests.integration.api.conftest import served


def presence(ray: RayState) -> OrchestratorPresence:
    at = datetime.now(UTC)
    return OrchestratorPresence(owner="host:1:1", started_at=at, seen_at=at, runs=0, runs_at_once=2, ray=ray)


def asked(client: httpx.Client) -> tuple[int, dict[str, bool]]:
    answer = client.get("/readyz")
    told = Readiness.model_validate(answer.json())
    assert told.ready == (answer.status_code == 200)
    return answer.status_code, {check.name: check.ok for check in told.checks}


def test_a_sign_of_life_names_the_version(client: httpx.Client) -> None:
    assert client.get("/healthz").json().keys() == {"status", "version"}


def test_runs_can_be_worked_on_with_an_orchestrator_that_has_ray(client: httpx.Client, store: Store) -> None:
    store.orchestrators.gone("host:1:1")
    assert asked(client) == (503, {"database": True, "orchestrators": False, "ray": False, "disk": True})
    store.orchestrators.here(presence(RayState.FAULT))
    assert asked(client) == (503, {"database": True, "orchestrators": True, "ray": False, "disk": True})
    store.orchestrators.here(presence(RayState.CONNECTED))
    assert asked(client) == (200, {"database": True, "orchestrators": True, "ray": True, "disk": True})
    store.orchestrators.gone("host:1:1")


def test_a_database_that_is_gone_is_told_and_not_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    store = open_store(f"sqlite:///{path}")
    with served(store, tmp_path) as client:
        store.close()
        for part in tmp_path.glob("runs.db*"):
            part.unlink()
        tmp_path.chmod(0o755)
        path.mkdir()  # what cannot be opened as a file
        status, checks = asked(client)
        assert (status, checks["database"]) == (503, False)
        assert str(path) not in client.get("/readyz").text
        assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_nobody_needs_a_token_to_ask(store: Store, folder: Path, path: str) -> None:
    with served(store, folder, open_access=False) as guarded:
        assert guarded.get(path).status_code in (200, 503)
