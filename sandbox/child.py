"""The parent's side of one child: memory files, pipes, the deadline, and how it ended."""

from __future__ import annotations

import contextlib
import fcntl
import math
import mmap
import os
import select
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sandbox import channel, spawner
from sandbox.channel import REPLY, Grant, Status
from sandbox.errors import RewardKilled, RewardTimeout, SandboxFault
from sandbox.zygote import Zygote

_F_SEAL_FUTURE_WRITE: Final = 0x10
_BURIAL_SECONDS: Final = 10.0
_DYING_SECONDS: Final = 0.2
_FAIR_SHARE: Final = 0.5
"""Of a deadline, in time of a core: with less than this the code is not late, the machine is."""
_LOOKS: Final = 64
"""How often a child is looked at after its deadline."""
_STATUSES: Final = frozenset(status.value for status in Status)


@dataclass(frozen=True)
class Answer:
    """One answer of a child: its text is bounded but otherwise whatever the child wrote."""

    status: Status
    text: str
    broadcast: int
    score: float
    success: float


class Child:
    """One confined process. Not for several threads at once."""

    def __init__(self, zygote: Zygote, grant: Grant) -> None:
        """Forks the child. Raises SandboxFault."""
        self._cpu_seconds = grant.cpu_seconds
        self._open: list[int] = []
        given: list[int] = []
        try:
            inputs_file, self.inputs = _memory_file(grant.inputs_bytes, read_only=True)
            given.append(inputs_file)
            outputs_file, self.outputs = _memory_file(grant.outputs_bytes, read_only=False)
            given.append(outputs_file)
            doorbell, self._doorbell = self._pipe(given, child_reads=True)
            # A child may answer without ever reading: the pipe fills, and nobody must wait for it to be emptied.
            os.set_blocking(self._doorbell, False)
            answer, self._answer = self._pipe(given, child_reads=False)
            fate, self._fate = self._pipe(given, child_reads=False)
            descriptors = (inputs_file, outputs_file, doorbell, answer, fate)
            self._pidfd = zygote.spawn(grant, descriptors)
            self._open.append(self._pidfd)
            self._pid, self._used = _number(self._pidfd), 0.0
        except OSError as error:
            self._release()
            raise SandboxFault(f"no memory file or pipe for a reward: {error}") from error
        except SandboxFault:
            self._release()
            raise
        finally:
            for descriptor in given:
                os.close(descriptor)
        self._poll = select.poll()
        self._poll.register(self._answer, select.POLLIN)

    def _pipe(self, given: list[int], child_reads: bool) -> tuple[int, int]:
        """A pipe, as the child's end and ours."""
        read, write = os.pipe2(os.O_CLOEXEC)
        theirs, ours = (read, write) if child_reads else (write, read)
        given.append(theirs)
        self._open.append(ours)
        return theirs, ours

    def ring(self, frame: bytes) -> None:
        """Sends one doorbell frame. Raises RewardKilled or SandboxFault where the child is gone or has spoken unasked."""
        self._used = _processor_seconds(self._pid)
        if self._speaks(0.0):
            raise self._gone("answered without being asked" if os.read(self._answer, 1) else None)
        try:
            os.write(self._doorbell, frame)
        except BrokenPipeError:
            raise self._gone() from None
        except BlockingIOError:
            raise self._gone("answered without reading what it was asked") from None

    def wait(self, sequence: int, seconds: float, patience: float = 1.0) -> Answer:
        """Waits for the answer to call `sequence`; kills the child where it is late or breaks the protocol.

        It is late after `seconds` by the clock. With more `patience` than 1 it is late only if it had half of them on a core, or
        sleeps, which no reward has a reason to; if it wanted a core and got less, it is waited for until it had that much, or
        `patience` times the seconds have passed, which is no fault of the code. Raises RewardTimeout, RewardKilled or SandboxFault.
        """
        if not self._answers(seconds, patience):
            raise self._unanswered(seconds, patience)
        frame = os.read(self._answer, REPLY.size)
        if len(frame) != REPLY.size:
            raise self._gone("broke off an answer" if frame else None)
        number, status, size, broadcast, score, success = REPLY.unpack(frame)
        if number != sequence or size > channel.TEXT_BYTES or status not in _STATUSES:
            raise self._gone("sent an answer that belongs to no call")
        text = self.outputs[:size].decode("utf-8", "replace")
        return Answer(Status(status), text, broadcast, score, success)

    def _answers(self, seconds: float, patience: float) -> bool:
        if self._speaks(seconds):
            return True
        for _ in range(_LOOKS if patience > 1.0 else 0):
            if self._had_its_time(seconds):
                break
            if self._speaks((patience - 1.0) * seconds / _LOOKS):
                return True
        return self._speaks(0.0)

    def _speaks(self, seconds: float) -> bool:
        return bool(self._poll.poll(max(0.0, seconds * 1000.0)))

    def _had_its_time(self, seconds: float) -> bool:
        return self._had() >= _FAIR_SHARE * seconds or _state(self._pid) == "S"

    def _had(self) -> float:
        """Seconds of a core since the last ring."""
        return _processor_seconds(self._pid) - self._used

    def _unanswered(self, seconds: float, patience: float) -> RewardTimeout | SandboxFault:
        """What to raise for a child that has not answered, which is killed."""
        late, had = patience <= 1.0 or self._had_its_time(seconds), self._had()
        self.kill()
        if late:
            return RewardTimeout(
                f"no answer within {seconds:g} s: the code was killed; use array expressions, not loops over rows"
            )
        return SandboxFault(
            f"expected an answer within {seconds:g} s, got none within {patience * seconds:g} s, in which the machine gave "
            f"the code {had:.2f} s of a core; run less beside it"
        )

    def _gone(self, misdeed: str | None = None) -> RewardKilled | RewardTimeout | SandboxFault:
        """What to raise for a child that did a `misdeed`, or whose pipes are closed because it is dying; makes sure it is dead."""
        if misdeed is None:
            _readable(self._pidfd, _DYING_SECONDS)
        status = self.kill()
        if status is None:
            return SandboxFault("the zygote is lost and its children with it")
        if misdeed is not None:
            return RewardKilled(f"the process of the code {misdeed} and was killed")
        if os.waitstatus_to_exitcode(status) == -signal.SIGXCPU:
            return RewardTimeout(
                f"the code has used its {self._cpu_seconds} s of processor time, over all its calls, and was killed; "
                "write array expressions, not loops over rows"
            )
        return RewardKilled(_obituary(status))

    def kill(self) -> int | None:
        """Kills the child, waits for it to be reaped and gives everything back; its wait status, None if nobody knows it."""
        if not self._open:
            self._release()
            return None
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        buried = _readable(self._fate, _BURIAL_SECONDS)
        status = os.read(self._fate, spawner.EXIT_STATUS.size) if buried else b""
        self._release()
        return int(spawner.EXIT_STATUS.unpack(status)[0]) if status else None

    def _release(self) -> None:
        while self._open:
            os.close(self._open.pop())
        # Views of the maps may still be alive; the memory goes with the last of them.
        for name in ("inputs", "outputs"):
            memory = getattr(self, name, None)
            with contextlib.suppress(BufferError):
                if memory is not None:
                    memory.close()


def _number(pidfd: int) -> int:
    """The number of a process; -1 where it has ended."""
    for line in Path(f"/proc/self/fdinfo/{pidfd}").read_text().splitlines():
        if line.startswith("Pid:"):
            return int(line.removeprefix("Pid:"))
    return -1


def _processor_seconds(pid: int) -> float:
    """Seconds of a core that a process had so far, all that there are where it has ended.

    The clock of another process: its number inverted, above three bits that say which of its clocks (clock_getcpuclockid(3)).
    """
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return math.inf


def _state(pid: int) -> str:
    """R: it runs or waits for a core; S: it sleeps; T: somebody stopped it; and others, as proc(5) has them."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "X"


def _readable(descriptor: int, seconds: float) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(seconds * 1000.0))


def _memory_file(size: int, read_only: bool) -> tuple[int, mmap.mmap]:
    """A memory file that nobody can resize, and our map of it; `read_only`: no later map may write. Raises OSError."""
    descriptor = os.memfd_create("reward", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        os.ftruncate(descriptor, size)
        memory = mmap.mmap(descriptor, size, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
        seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals | (_F_SEAL_FUTURE_WRITE if read_only else 0))
    except OSError:
        os.close(descriptor)
        raise
    return descriptor, memory


def _obituary(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    if code == -signal.SIGSYS:
        return "the code asked the kernel for something a reward may not do (a file, a socket, a process, the clock) and was killed"
    if code == -signal.SIGKILL:
        return "the process of the code was killed by the system, most likely for want of memory; use smaller arrays"
    if code == -signal.SIGILL:
        return "the process of the code ran into an instruction that its processor does not have"
    if code < 0:
        name = signal.Signals(-code).name
        return f"the process of the code crashed ({name}): too deep a recursion or too much memory"
    return f"the process of the code ended by itself (exit status {code})"
