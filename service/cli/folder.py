"""Puts an export into a folder."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from service.cli.client import Client
from service.cli.faults import BadInput

EXPORTS = Path("export")
MARKS = ("report.md", "request.json")


def check_folder(folder: Path) -> None:
    """Refuses a folder that holds anything but an earlier export. Raises `BadInput`."""
    if folder.is_file():
        raise BadInput(f"{folder} is a file; name a folder with --to")
    if folder.is_dir() and any(folder.iterdir()) and not all((folder / mark).is_file() for mark in MARKS):
        raise BadInput(f"{folder} holds something else than an export; name an empty or a new folder with --to")


def export_to(client: Client, run_id: str, folder: Path) -> Path:
    """Writes a run's export into `folder`, over an earlier one. Raises `BadInput` if it holds anything else."""
    check_folder(folder)
    with zipfile.ZipFile(io.BytesIO(client.export(run_id))) as archive:
        folder.mkdir(parents=True, exist_ok=True)
        archive.extractall(folder)
    return folder
