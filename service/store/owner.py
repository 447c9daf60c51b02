"""Who works on a run: a process, named so that a dead one can be told from one that took its number."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

PROC = Path("/proc")
DEAD_STATES = ("Z", "X", "x")


def this_host() -> str:
    """Names the process table that this process sees: host, boot and process-id namespace."""
    boot = (PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip().split("-")[0]
    namespace = (PROC / "self/ns/pid").stat().st_ino
    return f"{socket.gethostname().replace(':', '_')}/{boot}/{namespace}"


def start_time(pid: int) -> int | None:
    """When the process started, in clock ticks since boot (field 22 of /proc/PID/stat); None if it is gone or a zombie."""
    try:
        fields = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in DEAD_STATES else int(fields[19])


def process_owner() -> str:
    """This process as the owner of a lease: `host:pid:process-start-time`."""
    pid = os.getpid()
    return f"{this_host()}:{pid}:{start_time(pid)}"


def is_dead(owner: str, host: str, started: Callable[[int], int | None]) -> bool:
    """Whether `owner` is a process of `host` that no longer runs; `started` gives a process's start time there.

    An owner on another host is never called dead: only its lease can tell.
    """
    owner_host, _, rest = owner.partition(":")
    pid, _, ticks = rest.partition(":")
    if owner_host != host or not (pid.isdecimal() and ticks.isdecimal()):
        return False
    return started(int(pid)) != int(ticks)
