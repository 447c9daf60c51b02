"""Replays over HTTP: stored compressed, sent as the client takes them, and kept by it for good."""

from __future__ import annotations

import gzip
from pathlib import Path

import httpx
import pytest

from service.artifacts import ArtifactStore, meshes_key, replay_key
from service.schema import RunRequest, Training, TrainingResult, TrainingState
from service.store import Store, Writer, process_owner
from tests.integration.api.test_parts import add_candidate

EPISODE = bytes(range(256)) * 700
DIGEST = "0123456789abcdef" * 4
PROBLEM = "urn:rewardsmith:problem:"


@pytest.fixture
def artifacts(folder: Path) -> ArtifactStore:
    return ArtifactStore(str(folder / "artifacts"))


def add_trained(writer: Writer, slot: int = 0) -> tuple[str, str]:
    """The ids of a candidate that is trained and of its best training, the second of two."""
    candidate = add_candidate(writer, slot, 1.0)
    for seed, fitness in enumerate((0.5, 1.5)):
        training = f"{candidate.id}-s{seed}"
        writer.add_trainings((
            Training(
                id=training, run_id=candidate.run_id, candidate_id=candidate.id, reward="candidate", comparison=False, seed=seed,
                state=TrainingState.QUEUED, segments=1, segments_done=0, curve=(), result=None, reason=None,
            ),
        ))  # fmt: skip
        result = TrainingResult(best_segment=0, fitness=fitness, success_rate=0.0, episodes=())
        writer.finish_training(training, result, f"policies/{training}", 0)
    return candidate.id, f"{candidate.id}-s1"


@pytest.fixture
def url(writer: Writer, artifacts: ArtifactStore) -> str:
    """Where a stored replay is to be had."""
    run_id = writer.claim.run_id
    candidate, training = add_trained(writer)
    artifacts.put(replay_key(run_id, training), gzip.compress(EPISODE, mtime=0))
    return f"/runs/{run_id}/candidates/{candidate}/replay"


def raw(client: httpx.Client, url: str, accepted: str) -> tuple[httpx.Response, bytes]:
    """The answer and the bytes as they were sent."""
    with client.stream("GET", url, headers={"Accept-Encoding": accepted}) as answer:
        return answer, b"".join(answer.iter_raw())


def test_a_replay_is_sent_as_it_is_stored_to_who_takes_gzip(client: httpx.Client, url: str) -> None:
    answer, sent = raw(client, url, "br, gzip;q=0.5")
    assert (answer.status_code, answer.headers["Content-Encoding"]) == (200, "gzip")
    assert sent == gzip.compress(EPISODE, mtime=0)


@pytest.mark.parametrize("accepted", ["", "identity", "br", "gzip;q=0", "*, gzip; q=0.00", "*;q=0"])
def test_a_replay_is_unpacked_for_who_does_not(client: httpx.Client, url: str, accepted: str) -> None:
    answer, sent = raw(client, url, accepted)
    assert (answer.status_code, "Content-Encoding" in answer.headers) == (200, False)
    assert sent == EPISODE


def test_a_replay_may_be_kept_for_good_and_is_not_sent_again(client: httpx.Client, url: str) -> None:
    first = client.get(url)
    assert first.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert first.headers["Vary"] == "Accept-Encoding"
    again = client.get(url, headers={"If-None-Match": f'"another", W/{first.headers["ETag"]}'})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    plain = client.get(url, headers={"If-None-Match": first.headers["ETag"], "Accept-Encoding": "identity"})
    assert (plain.status_code, plain.content) == (200, EPISODE)
    assert plain.headers["ETag"] != first.headers["ETag"]


def test_meshes_are_shared_by_all_runs(client: httpx.Client, artifacts: ArtifactStore) -> None:
    artifacts.put(meshes_key(DIGEST), gzip.compress(b"corners"))
    answer = client.get(f"/meshes/{DIGEST}")
    assert (answer.status_code, answer.content) == (200, b"corners")
    assert client.get(f"/meshes/{DIGEST}", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    unknown = client.get(f"/meshes/{DIGEST[::-1]}")
    assert (unknown.status_code, unknown.json()["type"]) == (404, f"{PROBLEM}not-found")
    assert client.get("/meshes/..%2Fruns").status_code in (404, 422)


def test_a_candidate_that_is_not_trained_has_no_replay_yet(client: httpx.Client, writer: Writer) -> None:
    candidate = add_candidate(writer, 0, None)
    answer = client.get(f"/runs/{writer.claim.run_id}/candidates/{candidate.id}/replay")
    assert (answer.status_code, answer.json()["type"]) == (404, f"{PROBLEM}replay-not-recorded")
    assert answer.json()["detail"] == f"candidate {candidate.id} is proposed: it has a replay once it is trained"


def test_a_trained_candidate_without_one_says_where_to_look(client: httpx.Client, writer: Writer) -> None:
    candidate, _ = add_trained(writer)
    answer = client.get(f"/runs/{writer.claim.run_id}/candidates/{candidate}/replay")
    assert (answer.status_code, answer.json()["type"]) == (404, f"{PROBLEM}replay-not-recorded")
    assert "the run's events say why" in answer.json()["detail"]


@pytest.mark.parametrize("environment", ["drawer-open-v3", "Gone-v1"])
def test_a_run_whose_environment_has_no_reference_never_will(
    client: httpx.Client, store: Store, writer: Writer, environment: str
) -> None:
    fitness = store.get_run(writer.claim.run_id).fitness
    run_id = store.create_run(RunRequest(task="open it", environment=environment), fitness, 1000).id
    claim = store.claim(process_owner(), 3600.0, run_id)
    assert claim is not None
    candidate, _ = add_trained(store.writer(claim))
    answer = client.get(f"/runs/{run_id}/candidates/{candidate}/replay")
    assert (answer.status_code, answer.json()["type"]) == (404, f"{PROBLEM}replay-unavailable")
    assert environment in answer.json()["detail"]


def test_a_candidate_that_nobody_knows_is_not_found(client: httpx.Client, run_id: str) -> None:
    answer = client.get(f"/runs/{run_id}/candidates/nobody/replay")
    assert (answer.status_code, answer.json()["type"]) == (404, f"{PROBLEM}not-found")
