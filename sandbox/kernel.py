"""The few system calls of Linux that Python has no name for, by ctypes; x86-64 and aarch64."""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from dataclasses import dataclass
from typing import Final

_LIBC: Final = ctypes.CDLL(None, use_errno=True)

PR_SET_PDEATHSIG: Final = 1
PR_SET_DUMPABLE: Final = 4
PR_SET_SECCOMP: Final = 22
PR_SET_NO_NEW_PRIVS: Final = 38
_SECCOMP_GET_ACTION_AVAIL: Final = 2
_SECCOMP_MODE_FILTER: Final = 2
SECCOMP_KILL_PROCESS: Final = 0x80000000
# One number on every architecture.
_CLOSE_RANGE, _LANDLOCK_CREATE, _LANDLOCK_RESTRICT = 436, 444, 446
_CAPSET_VERSION: Final = 0x20080522


@dataclass(frozen=True)
class Architecture:
    """A processor's audit number and the numbers of the system calls we name."""

    audit: int
    calls: dict[str, int]


def _numbers(text: str) -> dict[str, int]:
    return {name: int(number) for name, number in (pair.split("=") for pair in text.split())}


ARCHITECTURES: Final = {
    "x86_64": Architecture(
        0xC000003E,
        _numbers(
            "read=0 write=1 mmap=9 mprotect=10 munmap=11 brk=12 mremap=25 madvise=28 exit=60 capset=126 futex=202 "
            "restart_syscall=219 exit_group=231 seccomp=317"
        ),
    ),
    "aarch64": Architecture(
        0xC00000B7,
        _numbers(
            "read=63 write=64 capset=91 exit=93 exit_group=94 futex=98 restart_syscall=128 brk=214 munmap=215 mremap=216 "
            "mmap=222 mprotect=226 madvise=233 seccomp=277"
        ),
    ),
}


def architecture() -> Architecture | None:
    """The native architecture; None where the sandbox does not know its system calls."""
    return ARCHITECTURES.get(platform.machine()) if ctypes.sizeof(ctypes.c_void_p) == 8 else None


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def prctl(option: int, value: int, more: int = 0) -> None:
    """prctl(2). Raises OSError."""
    zero = ctypes.c_ulong(0)
    _checked(_LIBC.prctl(option, ctypes.c_ulong(value), ctypes.c_ulong(more), zero, zero), f"prctl({option})")


def _syscall(number: int, *arguments: int | ctypes.Array[ctypes.c_char] | None) -> int:
    converted = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    result: int = _LIBC.syscall(ctypes.c_long(number), *converted)
    return result


def seccomp_available() -> bool:
    """Whether the kernel can kill a process by a seccomp filter, on an architecture we know."""
    native = architecture()
    if native is None:
        return False
    action = ctypes.create_string_buffer(struct.pack("=I", SECCOMP_KILL_PROCESS), 4)
    return _syscall(native.calls["seccomp"], _SECCOMP_GET_ACTION_AVAIL, 0, action) == 0


def install_filter(program: bytes) -> None:
    """Puts the calling thread under a seccomp filter of classic BPF instructions. Raises OSError."""
    instructions = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("@HP", len(program) // 8, ctypes.addressof(instructions))
    pointer = ctypes.create_string_buffer(header, len(header))
    prctl(PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(pointer))


def drop_capabilities() -> None:
    """Gives up every capability, effective, permitted and inheritable. Raises OSError."""
    native = architecture()
    assert native is not None
    header = ctypes.create_string_buffer(struct.pack("=Ii", _CAPSET_VERSION, 0), 8)
    empty = ctypes.create_string_buffer(24)
    _checked(_syscall(native.calls["capset"], header, empty), "capset")


def close_from(first: int) -> None:
    """Closes every descriptor from `first` on."""
    if _syscall(_CLOSE_RANGE, first, 0xFFFFFFFF, 0) != 0:
        os.closerange(first, os.sysconf("SC_OPEN_MAX"))


def landlock_abi() -> int | None:
    """The version of Landlock the kernel speaks; None where there is none."""
    version = _syscall(_LANDLOCK_CREATE, None, 0, 1)
    return version if version > 0 else None


def deny_by_landlock(abi: int) -> None:
    """Denies the process every file, TCP port, abstract socket and signal that this version of Landlock can. Raises OSError."""
    files = 13 if abi < 2 else 14 if abi < 3 else 15 if abi < 5 else 16
    network = 0b11 if abi >= 4 else 0
    scopes = 0b11 if abi >= 6 else 0
    rules = struct.pack("=QQQ", (1 << files) - 1, network, scopes)
    size = 8 if abi < 4 else 16 if abi < 6 else 24
    attributes = ctypes.create_string_buffer(rules[:size], size)
    ruleset = _checked(_syscall(_LANDLOCK_CREATE, attributes, size, 0), "landlock_create_ruleset")
    try:
        _checked(_syscall(_LANDLOCK_RESTRICT, ruleset, 0), "landlock_restrict_self")
    finally:
        os.close(ruleset)
