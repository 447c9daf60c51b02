import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.artifacts import ArtifactStore, ArtifactsUnavailable, ArtifactUnknown, KeyRefused

WRITE_WITHIN_A_LIMIT = """
import resource, sys
from service.artifacts import ArtifactStore, ArtifactsUnavailable
artifacts = ArtifactStore(sys.argv[1])
artifacts.put("policy", b"old")
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    artifacts.put("policy", bytes(8192))
except ArtifactsUnavailable as error:
    print(error)
"""


@pytest.fixture(params=["folder", "memory"])
def artifacts(request: pytest.FixtureRequest, tmp_path: Path) -> ArtifactStore:
    return ArtifactStore({"folder": str(tmp_path / "artifacts"), "memory": f"memory:/{tmp_path}"}[request.param])


def test_what_was_put_can_be_got_and_replaced(artifacts: ArtifactStore) -> None:
    artifacts.put("r-1/policies/best.safetensors", b"one")
    artifacts.put("r-1/policies/best.safetensors", b"two")
    assert artifacts.get("r-1/policies/best.safetensors") == b"two"


def test_what_was_put_can_be_read_in_parts(artifacts: ArtifactStore) -> None:
    whole = bytes(range(256)) * 600  # 153,600 bytes in parts of 65,536
    artifacts.put("replay", whole)
    parts = list(artifacts.stream("replay"))
    assert [len(part) for part in parts] == [65536, 65536, 22528]
    assert b"".join(parts) == whole


def test_what_was_never_put_is_unknown(artifacts: ArtifactStore) -> None:
    artifacts.put("r-1/policy", b"one")
    for key in ("r-1/other", "r-1", "r-2/policy"):
        with pytest.raises(ArtifactUnknown, match=f"no artifact '{key}' is stored"):
            artifacts.get(key)
        with pytest.raises(ArtifactUnknown, match=f"no artifact '{key}' is stored"):
            artifacts.stream(key)


def test_a_prefix_is_deleted_with_all_below_it_and_nothing_else(artifacts: ArtifactStore) -> None:
    for key in ("r-1/a", "r-1/b/c", "r-10/a"):
        artifacts.put(key, b"x")
    artifacts.delete_prefix("r-1")
    artifacts.delete_prefix("r-1")
    for key in ("r-1/a", "r-1/b/c"):
        with pytest.raises(ArtifactUnknown):
            artifacts.get(key)
    assert artifacts.get("r-10/a") == b"x"


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/etc/passwd",
        "../secret",
        "a/../../secret",
        "a//b",
        "a/",
        ".hidden",
        "a/.b",
        "a b",
        "a\nb",
        "a\x00b",
        "ä",
        "~/x",
    ],
)
def test_a_key_that_could_leave_the_store_is_refused(artifacts: ArtifactStore, key: str) -> None:
    for use in (artifacts.get, artifacts.stream, artifacts.delete_prefix, lambda name: artifacts.put(name, b"x")):
        with pytest.raises(KeyRefused, match="is no key"):
            use(key)


@given(key=st.text(max_size=40))
def test_any_key_is_refused_or_stays_below_the_folder(key: str) -> None:
    try:
        ArtifactStore("/nowhere/artifacts").get(key)
    except KeyRefused:
        return
    except ArtifactUnknown:
        assert (Path("/nowhere/artifacts") / key).resolve().is_relative_to("/nowhere/artifacts")


def test_a_reader_never_sees_half_an_artifact(tmp_path: Path) -> None:
    artifacts = ArtifactStore(str(tmp_path))
    contents = [bytes([n]) * 100_000 for n in range(8)]
    artifacts.put("checkpoint", contents[0])
    with ThreadPoolExecutor(4) as threads:
        writes = [threads.submit(artifacts.put, "checkpoint", content) for content in contents * 3]
        while not all(write.done() for write in writes):
            assert artifacts.get("checkpoint") in contents
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint"]


def test_a_disk_without_room_is_a_clear_error_that_leaves_the_old_artifact_whole(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-c", WRITE_WITHIN_A_LIMIT, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    assert f"artifact 'policy' in {tmp_path}: the file is larger than this user may write" in told
    assert ArtifactStore(str(tmp_path)).get("policy") == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["policy"]


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ArtifactsUnavailable, match=r"a part of the path is a file.*REWARDSMITH_ARTIFACTS_URL"):
        ArtifactStore(str(tmp_path / "file" / "artifacts")).put("policy", b"x")


def test_a_store_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ArtifactsUnavailable, match="REWARDSMITH_ARTIFACTS_URL"):
        ArtifactStore("nosuch://bucket")
