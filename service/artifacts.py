"""Policies, checkpoints and other large things by key: in a folder, or anywhere fsspec reaches.

ArtifactsError
├── ArtifactUnknown       nothing is stored under that key
├── KeyRefused            a key that could leave the store
└── ArtifactsUnavailable  the store cannot be used: full, read-only, out of reach; the message says how to mend it
"""

from __future__ import annotations

import errno
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import fsspec

KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
LISTED = re.compile(r"[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)+")
"""Also the parts of artifacts that a crash has left; what others have put there is no business of ours."""
KEY_LENGTH = 255
PART_BYTES = 1 << 16
HOW_TO_MEND = {
    errno.ENOSPC: "the disk is full; free some space and resume the run",
    errno.EDQUOT: "the disk quota of this user is used up; free some space and resume the run",
    errno.EFBIG: "the file is larger than this user may write; raise the limit (ulimit -f)",
    errno.EROFS: "the file system is read-only; choose another folder with REWARDSMITH_ARTIFACTS_URL",
    errno.EACCES: "this user may not write there; choose another folder with REWARDSMITH_ARTIFACTS_URL",
    errno.EPERM: "this user may not write there; choose another folder with REWARDSMITH_ARTIFACTS_URL",
    errno.ENOTDIR: "a part of the path is a file; choose another folder with REWARDSMITH_ARTIFACTS_URL",
}


class ArtifactsError(Exception):
    """Anything wrong with the artifacts; the message says what was expected, what came and where."""


class ArtifactUnknown(ArtifactsError):
    """Nothing is stored under that key."""


class KeyRefused(ArtifactsError, ValueError):
    """A key must be relative parts of letters, digits, `.`, `_` and `-`, none of which begins with a dot."""


class ArtifactsUnavailable(ArtifactsError):
    """The store cannot be used now: an infrastructure fault."""


@dataclass(frozen=True)
class Artifact:
    """Something stored, or a part of it that a crash has left; `size` in bytes."""

    key: str
    size: int


class ArtifactStore:
    """Bytes by key under one URL; a key once written is replaced whole or not at all. Usable from several threads."""

    def __init__(self, url: str) -> None:
        self.url = url
        with self._faults(url):
            self._files, self._root = fsspec.url_to_fs(url)
        self._local = "file" in self._files.protocol

    @property
    def folder(self) -> Path | None:
        """The folder that holds them, None where they are kept elsewhere."""
        return Path(self._root) if self._local else None

    def put(self, key: str, data: bytes) -> None:
        """Stores `data` under `key`, on disk before this returns. Raises `KeyRefused`, `ArtifactsUnavailable`."""
        path = self._path(key)
        with self._faults(key):
            if self._local:
                write_whole(Path(path), data)
            else:
                self._files.pipe_file(path, data)

    def get(self, key: str) -> bytes:
        """What is stored under `key`. Raises `ArtifactUnknown`, `KeyRefused`, `ArtifactsUnavailable`."""
        path = self._path(key)
        with self._faults(key):
            try:
                return bytes(self._files.cat_file(path))
            except (FileNotFoundError, IsADirectoryError) as error:
                raise self._unknown(key) from error

    def stream(self, key: str) -> Iterator[bytes]:
        """What is stored under `key`, in parts, read as they are asked for. Raises as `get` does, before the first part."""
        path = self._path(key)
        with self._faults(key):
            try:
                file = self._files.open(path, "rb")
            except (FileNotFoundError, IsADirectoryError) as error:
                raise self._unknown(key) from error
        return self._parts(key, file)

    def _parts(self, key: str, file: BinaryIO) -> Iterator[bytes]:
        with file, self._faults(key):
            while part := file.read(PART_BYTES):
                yield part

    def delete_prefix(self, prefix: str) -> None:
        """Deletes everything under `prefix/`, and nothing if there is nothing. Raises `KeyRefused`, `ArtifactsUnavailable`."""
        path = self._path(prefix)
        with self._faults(prefix):
            if self._files.exists(path):
                self._files.rm(path, recursive=True)

    def _unknown(self, key: str) -> ArtifactUnknown:
        return ArtifactUnknown(f"no artifact {key!r} is stored in {self.url}")

    def list(self, prefix: str) -> tuple[Artifact, ...]:
        """All that lies under `prefix/`, in order. Raises `KeyRefused`, `ArtifactsUnavailable`."""
        folder = self._path(prefix)
        with self._faults(prefix):
            self._files.invalidate_cache()
            found = self._files.find(folder, detail=True)
        root = len(folder) - len(prefix)
        keyed = ((path[root:], int(info["size"] or 0)) for path, info in sorted(found.items()))
        return tuple(Artifact(key, size) for key, size in keyed if LISTED.fullmatch(key))

    def modified(self, artifact: Artifact) -> datetime | None:
        """When it was written last, None if it is gone. Raises `ArtifactsUnavailable`."""
        with self._faults(artifact.key), suppress(FileNotFoundError):
            moment: datetime = self._files.modified(f"{self._root.rstrip('/')}/{artifact.key}")
            return moment
        return None

    def delete(self, artifacts: Iterable[Artifact]) -> None:
        """Deletes these, as far as they are there, and the folders that are empty then. Raises `ArtifactsUnavailable`."""
        for artifact in artifacts:
            path = f"{self._root.rstrip('/')}/{artifact.key}"
            with self._faults(artifact.key):
                with suppress(FileNotFoundError):
                    self._files.rm_file(path)
                if self._local:
                    _remove_empty(Path(path).parent, Path(self._root))

    def _path(self, key: str) -> str:
        if len(key) > KEY_LENGTH or not KEY.fullmatch(key):
            raise KeyRefused(
                f"{key[:80]!r} is no key: expected at most {KEY_LENGTH} characters, parts of letters, digits, '.', '_' "
                "and '-' between single slashes, none beginning with a dot"
            )
        return f"{self._root.rstrip('/')}/{key}"

    @contextmanager
    def _faults(self, what: str) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError, ImportError) as error:
            code = error.errno if isinstance(error, OSError) else None
            mend = HOW_TO_MEND.get(code or 0, "check that REWARDSMITH_ARTIFACTS_URL names a store that can be reached")
            raise ArtifactsUnavailable(f"artifact {what!r} in {self.url}: {mend} ({error})") from error


def replay_key(run_id: str, training_id: str) -> str:
    """Where the replay of a training's policy lies, compressed with gzip."""
    return f"runs/{run_id}/trainings/{training_id}/replay.safetensors.gz"


def meshes_key(digest: str) -> str:
    """Where the meshes of that digest lie, compressed with gzip; replays of all runs share them."""
    return f"meshes/{digest}.safetensors.gz"


def still_key(digest: str) -> str:
    """Where the still of that digest lies, compressed with gzip; the digest is of all that it is made from."""
    return f"stills/{digest}.safetensors.gz"


def _remove_empty(folder: Path, root: Path) -> None:
    """A folder and those above it below `root`, as long as nothing is in them."""
    with suppress(OSError):
        while folder != root:
            folder.rmdir()
            folder = folder.parent


def write_whole(path: Path, data: bytes) -> None:
    """All of a file or nothing of it, on disk when this returns, whenever the machine stops. Raises `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name[:128]}.{secrets.token_hex(4)}")
    try:
        with part.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
