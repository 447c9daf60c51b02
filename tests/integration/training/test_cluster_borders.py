"""What a cluster keeps to itself: the keys of its owner, and the right to run anything."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import ray

from service.training.cluster import Cluster

STRANGER = """
import sys
import ray

ray.init(address=sys.argv[1], log_to_driver=False, logging_level="ERROR")
print("let in")
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    os.environ["SOME_PROVIDER_API_KEY"] = "sk-very-secret"
    try:
        with Cluster(cores=1) as cluster:
            yield cluster
    finally:
        del os.environ["SOME_PROVIDER_API_KEY"]


@ray.remote
def environment() -> dict[str, str]:
    return dict(os.environ)


@pytest.mark.usefixtures("cluster")
def test_a_worker_gets_no_key_of_its_owner() -> None:
    names = ray.get(environment.remote())

    assert "PATH" in names
    assert "sk-very-secret" not in names.values()


@pytest.mark.usefixtures("cluster")
def test_another_process_cannot_use_a_local_cluster(tmp_path: Path) -> None:
    # Who may read the home folder finds there whatever token Ray has ever left in it.
    token = Path.home() / ".ray" / "auth_token"
    (tmp_path / ".ray").mkdir()
    (tmp_path / ".ray" / "auth_token").write_text(token.read_text() if token.exists() else "a" * 64)
    port = ray.get_runtime_context().gcs_address.rsplit(":", 1)[1]
    names = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}

    stranger = subprocess.run(
        [sys.executable, "-c", STRANGER, f"127.0.0.1:{port}"],
        env=names | {"HOME": str(tmp_path), "RAY_AUTH_MODE": "token"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert "let in" not in stranger.stdout
    assert "AuthenticationError" in stranger.stderr
