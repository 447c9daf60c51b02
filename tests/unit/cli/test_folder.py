from __future__ import annotations

import io
import zipfile
from pathlib import Path

import httpx
import pytest

from service.cli.client import Client
from service.cli.faults import BadInput
from service.cli.folder import check_folder, export_to


@pytest.fixture
def api() -> Client:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in ("report.md", "request.json", "candidates/01-0.py", "../../escaped"):
            archive.writestr(name, name)
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=buffer.getvalue()))
    return Client(httpx.AsyncClient(transport=transport, base_url="http://rewardsmith"))


def test_an_export_goes_into_a_new_folder_and_over_an_earlier_one(api: Client, tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    with api:
        export_to(api, "r-1", folder)
        (folder / "notes.txt").write_text("mine")
        export_to(api, "r-1", folder)
    assert (folder / "candidates" / "01-0.py").read_text() == "candidates/01-0.py"
    assert (folder / "notes.txt").read_text() == "mine"


def test_nothing_is_written_outside_the_folder(api: Client, tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    with api:
        export_to(api, "r-1", folder)
    assert [path for path in tmp_path.rglob("escaped") if folder not in path.parents] == []


def test_a_folder_with_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(BadInput, match="--to"):
        check_folder(tmp_path)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "export").write_text("")
    with pytest.raises(BadInput, match="is a file"):
        check_folder(tmp_path / "export")
