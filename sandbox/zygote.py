"""The parent's handle on the zygote: starts it, asks it for children, starts it again when it is lost."""

from __future__ import annotations

import atexit
import logging
import os
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np

from sandbox import channel, spawner
from sandbox.channel import Grant
from sandbox.errors import SandboxFault

_log = logging.getLogger(__name__)
_START_SECONDS: Final = 60.0
_ANSWER_SECONDS: Final = 20.0
_END_SECONDS: Final = 5.0
_INHERITED: Final = ("LD_LIBRARY_PATH",)
_ENVIRONMENT: Final = {
    "LC_ALL": "C.UTF-8",
    # More than one thread of OpenBLAS does not survive the fork.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    # The order of sets of text must not differ between two runs of one reward.
    "PYTHONHASHSEED": "0",
    # Arrays of a batch are reused, not given back to the kernel and faulted in again, at every operation.
    "MALLOC_MMAP_THRESHOLD_": "33554432",
    "MALLOC_TRIM_THRESHOLD_": "8388608",
}


@dataclass(frozen=True)
class Platform:
    """What the kernel offers for confinement."""

    seccomp: bool
    landlock_abi: int | None


class Zygote:
    """A process with NumPy loaded that forks one child per reward; one per process of ours is enough.

    May be used from several threads. Starts itself at the first `spawn`, and again after it died or in a forked copy of
    its owner.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._owner = 0
        self._platform: Platform | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """The process of the zygote; None where it is not running."""
        return self._process.pid if self._process else None

    def start(self) -> Platform:
        """Starts the process where it is not running and says what the kernel offers. Raises SandboxFault."""
        with self._lock:
            return self._ensure()

    def close(self) -> None:
        """Ends the process and, with it, every child it forked."""
        with self._lock:
            self._stop()

    def spawn(self, grant: Grant, descriptors: tuple[int, int, int, int, int]) -> int:
        """Forks a child and returns a pidfd of it, which the caller closes.

        `descriptors`: inputs, outputs, doorbell to read, answer to write, and the pipe end that its wait status is written to.
        Raises SandboxFault.
        """
        with self._lock:
            self._ensure()
            try:
                return self._ask(grant, descriptors)
            except OSError:
                self._stop()
                self._ensure()
            try:
                return self._ask(grant, descriptors)
            except OSError as error:
                raise SandboxFault(f"the zygote is lost and could not be started again: {error}") from error

    def _ask(self, grant: Grant, descriptors: tuple[int, int, int, int, int]) -> int:
        assert self._control is not None
        socket.send_fds(self._control, [channel.SPAWN.pack(*grant)], list(descriptors))
        answer, received, _, _ = socket.recv_fds(self._control, 256, 1, socket.MSG_CMSG_CLOEXEC)
        if not answer:
            raise ConnectionResetError("the zygote died")
        if not received:
            raise SandboxFault(f"the zygote forked no child: {answer.decode(errors='replace')}")
        return received[0]

    def _ensure(self) -> Platform:
        if self._owner != os.getpid():
            self._forget()
        elif self._process and self._process.poll() is not None:
            self._stop()
        if self._process is None:
            self._launch()
        assert self._platform is not None
        return self._platform

    def after_fork(self) -> None:
        """In a forked copy of the owner, where the lock may be held by a thread that does not exist."""
        self._lock = threading.Lock()

    def _forget(self) -> None:
        """In a forked copy of the owner: lets go of a process that is another's child."""
        if self._control:
            self._control.close()
        if self._process:
            # Else its destructor would complain of a process left running.
            self._process.returncode = 0
        self._process = self._control = self._platform = None
        self._owner = os.getpid()

    def _launch(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        parent = os.pidfd_open(os.getpid())
        roots = [str(Path(file).parents[1]) for file in (np.__file__, spawner.__file__)]
        arguments = [sys.executable, "-s", "-P", "-S", spawner.__file__, str(theirs.fileno()), str(parent), *roots]
        try:
            process = subprocess.Popen(
                arguments,
                env=_ENVIRONMENT | {name: os.environ[name] for name in _INHERITED if name in os.environ},
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(), parent),
                process_group=0,  # out of reach of Ctrl-C, in the session of its owner: Linux weighs niceness within one
            )
        except OSError as error:
            ours.close()
            raise SandboxFault(f"the zygote could not be started: {error}") from error
        finally:
            theirs.close()
            os.close(parent)
        self._process, self._control = process, ours
        self._greet(ours)

    def _greet(self, control: socket.socket) -> None:
        control.settimeout(_START_SECONDS)
        try:
            greeting = control.recv(64)
        except OSError:
            greeting = b""
        if len(greeting) != channel.GREETING.size:
            self._stop()
            raise SandboxFault(f"the zygote did not start within {_START_SECONDS:.0f} s: is NumPy installed and whole?")
        abi, seccomp = channel.GREETING.unpack(greeting)
        control.settimeout(_ANSWER_SECONDS)
        self._platform = Platform(bool(seccomp), abi or None)
        if not seccomp:
            self._stop()
            raise SandboxFault(
                "this kernel offers no seccomp filter (Linux on x86-64 or aarch64): no reward may run here"
            )
        if not abi:
            _warn_of_landlock()

    def _stop(self) -> None:
        if self._control:
            self._control.close()
        if self._process:
            # It ends by itself when its control socket closes, after it has reaped its children.
            try:
                self._process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = self._control = self._platform = None


_warned = threading.Event()


def _warn_of_landlock() -> None:
    if not _warned.is_set():
        _warned.set()
        _log.warning("this kernel has no Landlock: the sandbox goes on with seccomp alone")


_default = Zygote()
atexit.register(_default.close)
os.register_at_fork(after_in_child=_default.after_fork)


def zygote() -> Zygote:
    """The zygote of this process."""
    return _default
