"""Root becomes another user for good, who can still run this Python: it may lie in a home that only root can enter."""

from __future__ import annotations

import ctypes
import os
import stat
import sys
from pathlib import Path
from typing import Final

_LIBC: Final = ctypes.CDLL(None, use_errno=True)
_NEW_MOUNTS: Final = 0x20000
_BIND, _RECURSIVE, _PRIVATE = 4096, 16384, 1 << 18
_ROOT: Final = Path(__file__).parents[2]


def become(user: int) -> None:
    """Gives up root. Raises OSError where that cannot be done.

    The mounts it may need are of this process and its children alone.
    """
    _open_the_way(sorted({_ROOT, Path(sys.prefix), Path(sys.base_prefix)}))
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)


def _open_the_way(paths: list[Path]) -> None:
    """Lays an empty folder that anyone may enter over each one that others may not, and in it again what is needed."""
    closed: dict[Path, list[Path]] = {}
    for path in paths:
        barred = next((folder for folder in [*path.parents][::-1] if not folder.stat().st_mode & stat.S_IXOTH), None)
        if barred is not None:
            closed.setdefault(barred, []).append(path)
    if not closed:
        return
    _checked(_LIBC.unshare(_NEW_MOUNTS), "unshare")
    _mount("none", Path("/"), None, _RECURSIVE | _PRIVATE)
    for barred, needed in closed.items():
        held = {path: os.open(path, os.O_PATH) for path in needed}
        _mount("tmpfs", barred, "tmpfs", 0)
        barred.chmod(0o755)
        for path, descriptor in held.items():
            path.mkdir(parents=True, exist_ok=True)
            _mount(f"/proc/self/fd/{descriptor}", path, None, _BIND | _RECURSIVE)
            os.close(descriptor)


def _mount(source: str, target: Path, kind: str | None, flags: int) -> None:
    result = _LIBC.mount(
        source.encode(), str(target).encode(), kind.encode() if kind else None, ctypes.c_ulong(flags), None
    )
    _checked(result, f"mount on {target}")


def _checked(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
