"""The scene of one attack: places worth attacking, made anew for every run, and witnesses that compare before and after."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import select
import shutil
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np

from tests.adversary import kernel_objects
from tests.adversary.attack import Effect
from tests.adversary.bystander import Bystander
from tests.adversary.outcome import Seen

_EVIL: Final = "from pathlib import Path\nPath({!r}).touch()\n"


class Scene:
    """A folder, listeners, a bystander and a secret; a context manager.

    `secret`: the text that must never be in what the caller gets back. `look()` says what has changed since the start.
    """

    def __init__(self) -> None:
        self.secret = new_secret()

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix="adversary-"))
        self.folder.chmod(0o777)
        self._listeners: dict[str, socket.socket] = {}
        self._furnish()
        self._listen()
        self.bystander = Bystander()
        self.places = {
            "FOLDER": str(self.folder),
            "PORT": str(self._listeners["TCP"].getsockname()[1]),
            "UDP_PORT": str(self._listeners["UDP"].getsockname()[1]),
            "ABSTRACT": self.folder.name,
            "BYSTANDER": str(self.bystander.pid),
        }
        self._files = dict(_digest(self.folder))
        self._bystander = self.bystander.describe()
        self._token = int(self.places["PORT"])
        kernel_objects.remove(self._token)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bystander.end()
        for listener in self._listeners.values():
            listener.close()
        kernel_objects.remove(self._token)
        for folder, _, _ in os.walk(self.folder):
            with contextlib.suppress(OSError):
                Path(folder).chmod(0o777)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _furnish(self) -> None:
        for name, text, mode in (
            ("secret", self.secret, 0o644),
            ("victim", "whole", 0o666),
            ("evil.py", _EVIL.format(str(self.folder / "imported")), 0o644),
        ):
            (self.folder / name).write_text(text)
            (self.folder / name).chmod(mode)
        with (self.folder / "pickled.npy").open("wb") as file:
            np.save(file, np.array([_Trap(str(self.folder / "unpickled"))], dtype=object), allow_pickle=True)
        (self.folder / "private").mkdir()
        (self.folder / "private").chmod(0o777)

    def _listen(self) -> None:
        tcp = socket.create_server(("127.0.0.1", 0))
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", 0))
        unix = socket.socket(socket.AF_UNIX)
        unix.bind(str(self.folder / "listen.sock"))
        (self.folder / "listen.sock").chmod(0o777)
        abstract = socket.socket(socket.AF_UNIX)
        abstract.bind(b"\0" + self.folder.name.encode())
        unix.listen()
        abstract.listen()
        self._listeners = {"TCP": tcp, "UDP": udp, "Unix": unix, "abstract Unix": abstract}

    def look(self) -> list[Seen]:
        """What has changed since the scene was made."""
        return [*self._look_at_files(), *self._ask_listeners(), *self._look_at_bystander(), *self._look_at_kernel()]

    def _look_at_files(self) -> Iterator[Seen]:
        now = dict(_digest(self.folder))
        for path in sorted({*self._files, *now}):
            before, after = self._files.get(path), now.get(path)
            if before is None:
                yield Seen(Effect.FILES, f"{path} was made")
            elif after is None:
                yield Seen(Effect.FILES, f"{path} was removed")
            elif before != after:
                changed = ", ".join(what for what in {**before, **after} if before.get(what) != after.get(what))
                yield Seen(Effect.FILES, f"{path} was changed: {changed}")

    def _ask_listeners(self) -> Iterator[Seen]:
        for kind, listener in self._listeners.items():
            if select.select([listener], [], [], 0)[0]:
                yield Seen(Effect.NETWORK, f"the {kind} listener was spoken to")

    def _look_at_bystander(self) -> Iterator[Seen]:
        now = self.bystander.describe()
        for what, before in self._bystander.items():
            if now.get(what, before) != before:
                yield Seen(Effect.PROCESS, f"the bystander's {what} changed from {before!r} to {now[what]!r}")

    def _look_at_kernel(self) -> Iterator[Seen]:
        for what in kernel_objects.left_behind(self._token):
            yield Seen(Effect.KERNEL, f"{what} was left behind")


def new_secret() -> str:
    """A random text; an identifier, so that it could also be told as the name of a component."""
    return "sk" + secrets.token_hex(12)


class _Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __reduce__(self) -> tuple[object, ...]:
        return os.open, (self._path, os.O_CREAT | os.O_WRONLY)


def _digest(folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Everything in a folder and the folder itself: path -> what can be known of it, but when it was last read."""
    for path in [folder, *folder.rglob("*")]:
        status = path.lstat()
        known = {
            "kind and rights": stat.filemode(status.st_mode),
            "owner": f"{status.st_uid}:{status.st_gid}",
            "links": str(status.st_nlink),
            "size": str(status.st_size),
            "time of change": str(status.st_mtime_ns),
            "time of change of its rights": str(status.st_ctime_ns),
        }
        with contextlib.suppress(OSError):
            known["attributes"] = str({name: os.getxattr(path, name) for name in os.listxattr(path)})
        if stat.S_ISREG(status.st_mode):
            with contextlib.suppress(OSError):
                known["content"] = hashlib.sha256(path.read_bytes()).hexdigest()
        elif stat.S_ISLNK(status.st_mode):
            known["target"] = str(path.readlink())
        yield ("." if path == folder else str(path.relative_to(folder))), known
