"""Stills over HTTP: made once, by a process of their own, and sent like replays."""

from __future__ import annotations

import gzip
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from envs.card import card
from service.api.errors import StillNotMade
from service.api.stills import make_still
from service.artifacts import ArtifactStore, still_key
from tests.replay_reader import ReadReplay, SafetensorsFile

PROBLEM = "urn:rewardsmith:problem:"


@pytest.fixture
def artifacts(folder: Path) -> ArtifactStore:
    return ArtifactStore(str(folder / "artifacts"))


def test_a_still_is_sent_and_is_asked_for_again_without_being_sent_again(client: httpx.Client) -> None:
    first = client.get("/environments/Hopper-v5/still")
    assert (first.status_code, first.headers["Cache-Control"]) == (200, "private, no-cache")
    read = ReadReplay(first.content)
    assert (read.header["environment"], len(read.links)) == ("Hopper-v5", 1)
    again = client.get("/environments/Hopper-v5/still", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_still_that_was_made_is_not_made_again(client: httpx.Client, artifacts: ArtifactStore) -> None:
    first = client.get("/environments/Walker2d-v5/still")
    key = still_key(first.headers["ETag"].strip('"').removesuffix("-gzip"))
    artifacts.put(key, gzip.compress(b"what is kept"))
    assert client.get("/environments/Walker2d-v5/still").content == b"what is kept"


def test_the_meshes_that_a_still_names_are_there(client: httpx.Client) -> None:
    pytest.importorskip("gymnasium_robotics")
    read = ReadReplay(client.get("/environments/FetchReach-v4/still").content)
    meshes = SafetensorsFile(client.get(f"/meshes/{read.header['meshes']}").content, "meshes")
    assert len(meshes.header["meshes"]) == 1 + max(geom["mesh"] or 0 for geom in read.header["geoms"])


def test_while_a_still_is_made_others_are_answered(client: httpx.Client) -> None:
    with ThreadPoolExecutor(1) as somebody:
        still = somebody.submit(client.get, "/environments/Ant-v5/still")
        assert client.get("/environments").status_code == 200
        assert not still.done()
    assert still.result().status_code == 200


@pytest.mark.parametrize("environment", ["drawer-open-v3", "WalkerWalk-v1", "Go1JoystickFlatTerrain-v1"])
def test_where_there_is_nothing_to_draw_from_it_says_so(client: httpx.Client, environment: str) -> None:
    answer = client.get(f"/environments/{environment}/still")
    assert (answer.status_code, answer.json()["type"]) == (404, f"{PROBLEM}still-unavailable")
    assert answer.json()["detail"] == f"{environment} has no reference environment in Gymnasium to draw it from"


def test_an_unknown_environment_is_not_found(client: httpx.Client) -> None:
    answer = client.get("/environments/Hoper-v5/still")
    assert (answer.status_code, answer.json()["type"]) == (404, f"{PROBLEM}not-found")
    assert "Hopper-v5" in answer.json()["detail"]


def test_what_cannot_be_made_in_time_is_given_up(artifacts: ArtifactStore) -> None:
    with pytest.raises(StillNotMade, match=r"the still of Swimmer-v5 was not made: .* timed out after 0.01 seconds"):
        make_still(card("Swimmer-v5"), "0" * 64, artifacts, seconds=0.01)


def test_a_process_that_fails_says_why_in_the_log_alone(artifacts: ArtifactStore) -> None:
    nobody = card("Hopper-v5").model_copy(update={"id": "Nobody-v1"})
    with pytest.raises(StillNotMade, match=r"ended with 1: (?s:.*)EnvironmentUnknown"):
        make_still(nobody, "1" * 64, artifacts)
