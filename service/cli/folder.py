"""Puts an export into a folder."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path, PurePosixPath

from service.cli.client import Client
from service.cli.faults import BadInput, Infrastructure

EXPORTS = Path("export")
MARKS = ("report.md", "request.json")
LARGEST_EXPORT_BYTES = 2**31
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def check_folder(folder: Path) -> None:
    """Refuses a folder that holds anything but an earlier export. Raises `BadInput`."""
    if folder.is_file():
        raise BadInput(f"{folder} is a file; name a folder with --to")
    if folder.is_dir() and any(folder.iterdir()) and not all((folder / mark).is_file() for mark in MARKS):
        raise BadInput(f"{folder} holds something else than an export; name an empty or a new folder with --to")


def folder_of(run_id: str) -> Path:
    """Where the export of a run goes when no folder is named."""
    return EXPORTS / as_name(run_id)


def as_name(identifier: str) -> str:
    """An id that the API gave, as part of a file's name. Raises `Infrastructure` for one that could be another path."""
    if not NAME.fullmatch(identifier):
        raise Infrastructure(f"the API named {identifier[:80]!r}, which is no id: nothing was written")
    return identifier


def export_to(client: Client, run_id: str, folder: Path) -> Path:
    """Writes a run's export into `folder`, over an earlier one. Raises `BadInput` if it holds anything else.

    Raises `Infrastructure` before anything is written where the export is no zip, is too large or names a file outside of it.
    """
    check_folder(folder)
    try:
        with zipfile.ZipFile(io.BytesIO(client.export(run_id))) as archive:
            _check_entries(archive)
            folder.mkdir(parents=True, exist_ok=True)
            archive.extractall(folder)
    except zipfile.BadZipFile as error:
        raise Infrastructure(f"the export of run {run_id} is no whole zip ({error}); ask for it again") from error
    return folder


def _check_entries(archive: zipfile.ZipFile) -> None:
    for entry in archive.infolist():
        path = PurePosixPath(entry.filename)
        if path.is_absolute() or ".." in path.parts or "\\" in entry.filename:
            raise Infrastructure(
                f"the export names {entry.filename[:80]!r}, outside of its folder: nothing was written; is the server the one "
                "you mean?"
            )
    size = sum(entry.file_size for entry in archive.infolist())
    if size > LARGEST_EXPORT_BYTES:
        raise Infrastructure(
            f"the export holds {size:,} bytes, more than the {LARGEST_EXPORT_BYTES:,} that are written"
        )
