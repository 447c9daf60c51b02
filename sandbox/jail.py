"""What the process of a reward may do: compute in its own memory, read its doorbell, answer, and end.

The layers, in the order they are put on: descriptors closed, resource limits, another user where root, no capabilities, no
new privileges, death with the parent, not dumpable, Landlock, and a seccomp allowlist that carries the weight. The process
confines itself before it sees any code, and never goes on after a failure.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import struct
from typing import Final

from sandbox import kernel

DOORBELL: Final = 0
"""The one descriptor the process may read."""
ANSWER: Final = 1
"""The one descriptor the process may write."""
_NOBODY: Final = 65534

_LOAD, _JUMP_EQUAL, _JUMP_ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x45, 0x54, 0x06
_ALLOW, _KILL = 0x7FFF0000, kernel.SECCOMP_KILL_PROCESS
_PROT_EXEC: Final = 4
_MAP_PRIVATE_ANONYMOUS, _MAP_NORESERVE = 0x22, 0x4000
_FUTEX_FLAGS, _FUTEX_OPERATIONS = 128 | 256, (0, 1, 9, 10)
_MADVICE: Final = (4, 8, 14, 15)

_Instruction = tuple[int, int, int, int]


def confine(parent: int, memory_bytes: int, cpu_seconds: int) -> None:
    """Confines the calling process for good.

    `parent`: the process that forked it; `memory_bytes`: the address space it may add to what it has now; `cpu_seconds`: the
    processor time of its whole life. Descriptors but DOORBELL and ANSWER must be closed already, except those Landlock makes
    and closes here. Raises OSError.
    """
    _limit_resources(memory_bytes, cpu_seconds)
    _become_nobody()
    kernel.drop_capabilities()
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    # After the change of user, which clears it.
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        raise ProcessLookupError("the zygote died before its child was confined")
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    abi = kernel.landlock_abi()
    if abi is not None:
        kernel.deny_by_landlock(abi)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    native = kernel.architecture()
    if native is None:
        raise OSError("no system-call allowlist for this architecture")
    kernel.install_filter(seccomp_program(native))


def _limit_resources(memory_bytes: int, cpu_seconds: int) -> None:
    pages = int(_read_first("/proc/self/statm"))
    space = pages * resource.getpagesize() + memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (space, space))
    # SIGXCPU at the first, which says why; nothing here can catch it.
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
    for limit in (
        *(resource.RLIMIT_CORE, resource.RLIMIT_FSIZE, resource.RLIMIT_NPROC, resource.RLIMIT_MEMLOCK),
        *(resource.RLIMIT_MSGQUEUE, resource.RLIMIT_RTPRIO, resource.RLIMIT_NICE),
    ):
        resource.setrlimit(limit, (0, 0))


def _read_first(path: str) -> str:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.read(descriptor, 256).split()[0].decode()
    finally:
        os.close(descriptor)


def _become_nobody() -> None:
    """Changes from root to a user who owns nothing.

    Where the kernel refuses, this root has no right to change users (a bare container, a user namespace); it loses its
    capabilities like any other.
    """
    if os.geteuid() == 0:
        with contextlib.suppress(OSError):
            os.setgroups([])
            os.setresgid(_NOBODY, _NOBODY, _NOBODY)
            os.setresuid(_NOBODY, _NOBODY, _NOBODY)


def seccomp_program(architecture: kernel.Architecture) -> bytes:
    """The filter as classic BPF: an allowlist by number and argument; everything else kills the process."""
    call = architecture.calls
    rules: list[_Instruction] = [
        (_LOAD, 0, 0, 4),
        (_JUMP_EQUAL, 1, 0, architecture.audit),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, 0),
    ]
    for name in ("munmap", "brk", "mremap", "exit", "exit_group", "restart_syscall"):
        rules += [(_JUMP_EQUAL, 0, 1, call[name]), (_RETURN, 0, 0, _ALLOW)]
    rules += _guarded(call["read"], _argument(0), _if_equal(DOORBELL))
    rules += _guarded(call["write"], _argument(0), _if_equal(ANSWER))
    rules += _guarded(call["mprotect"], _argument(2), _if_none_of_bits(_PROT_EXEC))
    rules += _guarded(call["madvise"], _argument(2), _if_equal(*_MADVICE))
    futex = [*_argument(1), (_AND, 0, 0, 0xFFFFFFFF ^ _FUTEX_FLAGS)]
    rules += _guarded(call["futex"], futex, _if_equal(*_FUTEX_OPERATIONS))
    anonymous = [*_argument(3), (_AND, 0, 0, 0xFFFFFFFF ^ _MAP_NORESERVE)]
    executable = [*_argument(2), (_JUMP_ANY_BIT, 0, 1, _PROT_EXEC), (_RETURN, 0, 0, _KILL)]
    rules += _guarded(call["mmap"], [*executable, *anonymous], _if_equal(_MAP_PRIVATE_ANONYMOUS))
    rules.append((_RETURN, 0, 0, _KILL))
    return b"".join(struct.pack("=HBBI", *rule) for rule in rules)


def _argument(index: int) -> list[_Instruction]:
    """Loads the low half of an argument; no rule here rests on the high half, which the kernel drops for these."""
    return [(_LOAD, 0, 0, 16 + 8 * index)]


def _if_equal(*values: int) -> list[_Instruction]:
    """Allows where the loaded word is one of `values`."""
    return [step for value in values for step in ((_JUMP_EQUAL, 0, 1, value), (_RETURN, 0, 0, _ALLOW))]


def _if_none_of_bits(bits: int) -> list[_Instruction]:
    """Allows where the loaded word has none of `bits`."""
    return [(_JUMP_ANY_BIT, 1, 0, bits), (_RETURN, 0, 0, _ALLOW)]


def _guarded(number: int, load: list[_Instruction], test: list[_Instruction]) -> list[_Instruction]:
    """For one system call: load what is judged, allow by the test, kill otherwise."""
    body = [*load, *test, (_RETURN, 0, 0, _KILL)]
    return [(_JUMP_EQUAL, 0, len(body), number), *body]
