from pathlib import Path

import httpx
import pytest

from service.schema import Scope
from service.store import Store, Writer
from tests.integration.api.conftest import served
from tests.integration.store.test_candidates import candidate

SOURCE = "def compute_reward(forward_velocity):\n    return forward_velocity, {'v': forward_velocity}\n"


def test_words_and_rankings_come_back_as_they_were_given(client: httpx.Client, writer: Writer) -> None:
    one, other = candidate(writer, slot=0), candidate(writer, slot=1)
    for proposed in (one, other):
        writer.add_candidate(proposed)
    path = f"/runs/{writer.claim.run_id}"
    said = client.post(f"{path}/feedback", json={"words": "it drags its foot", "candidate_id": one.id})
    assert said.status_code == 201
    assert said.json()["author"] == "somebody on this machine"
    ranked = client.post(f"{path}/preferences", json={"ranking": [other.id, one.id]})
    assert ranked.status_code == 201
    assert client.get(f"{path}/feedback").json() == [said.json()]
    assert client.get(f"{path}/preferences").json() == [ranked.json()]


@pytest.mark.parametrize(
    ("part", "body", "field"),
    [
        ("feedback", {"words": ""}, "words"),
        ("feedback", {"words": "x" * 2001}, "words"),
        ("feedback", {"words": "x", "candidate_id": "../etc"}, "candidate_id"),
        ("preferences", {"ranking": ["only-one"]}, "ranking"),
        ("preferences", {"ranking": ["a", "a"]}, "ranking"),
        ("candidates", {"source": "import os"}, "source"),
        ("candidates", {"source": "def compute_reward(wing_span):\n    return wing_span, {'w': wing_span}"}, "source"),
        ("candidates", {}, "source"),
    ],
)
def test_what_cannot_be_used_is_refused_by_its_field(
    client: httpx.Client, run_id: str, part: str, body: dict[str, object], field: str
) -> None:
    answer = client.post(f"/runs/{run_id}/{part}", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


def test_a_reward_of_ones_own_waits_for_the_next_iteration(client: httpx.Client, store: Store, run_id: str) -> None:
    answer = client.post(f"/runs/{run_id}/candidates", json={"source": SOURCE})
    assert answer.status_code == 201
    assert (answer.json()["iteration"], answer.json()["slot"]) == (None, None)
    assert [one.source for one in store.record(run_id).contributions] == [SOURCE]


def test_words_carry_the_name_of_the_token(store: Store, folder: Path, run_id: str) -> None:
    token = store.tokens.create("ada", Scope.RUN)
    with served(store, folder, open_access=False) as guarded:
        headers = {"Authorization": f"Bearer {token.secret}"}
        said = guarded.post(f"/runs/{run_id}/feedback", headers=headers, json={"words": "higher"})
        assert said.json()["author"] == "ada"


def test_the_same_idempotency_key_gives_the_same_run(client: httpx.Client) -> None:
    task = {"task": "hop forward", "environment": "Hopper-v5"}
    headers = {"Idempotency-Key": "submit-7"}
    first = client.post("/runs", json=task, headers=headers).json()["id"]
    assert client.post("/runs", json=task, headers=headers).json()["id"] == first
    assert client.post("/runs", json=task).json()["id"] != first
    other = client.post("/runs", json={**task, "task": "stand still"}, headers=headers)
    assert other.status_code == 409
    assert first in other.json()["detail"]


def test_tokens_of_one_name_share_no_idempotency_keys(store: Store, folder: Path) -> None:
    task = {"task": "hop forward", "environment": "Hopper-v5"}
    bearers = [{"Authorization": f"Bearer {store.tokens.create('lab', Scope.RUN).secret}"} for _ in range(2)]
    with served(store, folder, open_access=False) as guarded:
        runs = [
            guarded.post("/runs", json=task, headers={**bearer, "Idempotency-Key": "submit-8"}).json()["id"]
            for bearer in (*bearers, *bearers)
        ]
    assert runs[:2] == runs[2:]
    assert runs[0] != runs[1]
