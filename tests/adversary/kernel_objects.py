"""What a process can leave behind in the kernel: System V memory, message queues and semaphores, POSIX message queues.

Attacks use the port of their scene as the token in a System V key or a name, so that scenes side by side tell theirs apart.
"""

from __future__ import annotations

import ctypes
import os
from pathlib import Path
from typing import Final

_LIBC: Final = ctypes.CDLL(None, use_errno=True)
_REMOVE: Final = 0
_TABLES: Final = {
    "shm": ("System V shared memory", _LIBC.shmctl),
    "msg": ("a System V message queue", _LIBC.msgctl),
    "sem": ("a System V semaphore", _LIBC.semctl),
}


def left_behind(token: int) -> list[str]:
    """What there is in the kernel under a token."""
    found = [_TABLES[table][0] for table in _TABLES if _identifiers(table, token)]
    if _queue(token):
        found.append("a POSIX message queue")
    return found


def remove(token: int) -> None:
    """Takes away what `left_behind` finds."""
    for table, (_, control) in _TABLES.items():
        for identifier in _identifiers(table, token):
            control(identifier, 0, _REMOVE, None) if table == "sem" else control(identifier, _REMOVE, None)
    if hasattr(_LIBC, "mq_unlink"):
        _LIBC.mq_unlink(_queue_name(token))


def _identifiers(table: str, token: int) -> list[int]:
    path = Path(f"/proc/sysvipc/{table}")
    if not path.exists():
        return []
    rows = [row.split() for row in path.read_text().splitlines()[1:]]
    return [int(row[1]) for row in rows if int(row[0]) == token]


def _queue_name(token: int) -> bytes:
    return f"/adversary-{token}".encode()


def _queue(token: int) -> bool:
    if not hasattr(_LIBC, "mq_open"):
        return False
    descriptor = _LIBC.mq_open(_queue_name(token), os.O_RDONLY)
    if descriptor >= 0:
        os.close(descriptor)
    # A queue of another user is there as well, though closed to us.
    return bool(descriptor >= 0 or ctypes.get_errno() == 13)
