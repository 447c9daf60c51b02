from __future__ import annotations

import io
import zipfile
from pathlib import Path

import httpx
import pytest

from service.cli.client import Client
from service.cli.faults import BadInput, Infrastructure
from service.cli.folder import check_folder, export_to, folder_of


def serving(*names: str) -> Client:
    """A client of an API whose exports hold files of these names."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, name)
    return answering(buffer.getvalue())


def answering(content: bytes) -> Client:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=content))
    return Client(httpx.AsyncClient(transport=transport, base_url="http://rewardsmith"))


def test_an_export_goes_into_a_new_folder_and_over_an_earlier_one(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    with serving("report.md", "request.json", "candidates/01-0.py") as api:
        export_to(api, "r-1", folder)
        (folder / "notes.txt").write_text("mine")
        export_to(api, "r-1", folder)
    assert (folder / "candidates" / "01-0.py").read_text() == "candidates/01-0.py"
    assert (folder / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("name", ["../../escaped", "/escaped", "candidates/../../escaped", "..\\escaped"])
def test_an_export_that_would_leave_its_folder_is_refused_whole(tmp_path: Path, name: str) -> None:
    with serving("report.md", name) as api, pytest.raises(Infrastructure, match="outside of its folder: nothing was"):
        export_to(api, "r-1", tmp_path / "a" / "b")
    assert list(tmp_path.rglob("*")) == []


def test_an_export_that_broke_off_is_refused(tmp_path: Path) -> None:
    with answering(b"PK\x03\x04 and no more") as api, pytest.raises(Infrastructure, match="no whole zip"):
        export_to(api, "r-1", tmp_path / "export")


def test_a_run_is_never_another_path() -> None:
    assert folder_of("r-0123456789") == Path("export/r-0123456789")
    with pytest.raises(Infrastructure, match="is no id"):
        folder_of("../../.ssh")


def test_a_folder_with_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(BadInput, match="--to"):
        check_folder(tmp_path)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "export").write_text("")
    with pytest.raises(BadInput, match="is a file"):
        check_folder(tmp_path / "export")
