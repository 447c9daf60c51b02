"""A caller that believes its reward: the same worker and frames, without confinement and without a single check.

Against it an attack on the protocol must show its effect. It has no deadline, looks at no sequence number and no status,
reads until a frame is full, takes names and texts as they come, unpickles errors as `multiprocessing` does, shares its own
buffers in memory files that anyone may resize, and hands out views of them.
"""

from __future__ import annotations

import ctypes
import fcntl
import mmap
import os
import pickle
import signal
from typing import Final, NoReturn

import numpy as np
from numpy.typing import NDArray

from sandbox import RewardBatch, channel, jail
from sandbox.channel import CALL, REPLY, Status
from sandbox.errors import RewardFault
from sandbox.program import prepare
from sandbox.worker import Worker
from tests.adversary.attack import Effect
from tests.adversary.calls import call_many
from tests.adversary.report import Report, Request
from tests.adversary.unchecked import unchecked

OUTPUTS: Final = 40
"""The descriptor at which the process of the code holds the outputs' memory file; the inputs' is the next."""
_ROWS: Final = 8
_CALLS: Final = 300
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_PTRACER: Final = 0x59616D61


class ToldByTheCode(RewardFault):
    """What the code said, as it said it."""


class CredulousReward:
    """A reward in an unconfined process, whose every word is believed."""

    def __init__(self, source: str) -> None:
        # Where the kernel asks who may read a process, this one has no objection.
        ctypes.CDLL(None).prctl(_PR_SET_PTRACER, ctypes.c_ulong(-1), 0, 0, 0)
        program, pickled = prepare(unchecked(f"import numpy as np, math\n{source}"), {"x": 0}, _ROWS)
        layout = program.layout
        self._files = [os.memfd_create(name) for name in ("outputs", "inputs")]
        self.sizes = (layout.outputs_bytes, layout.inputs_bytes)
        for file, size in zip(self._files, self.sizes, strict=True):
            os.ftruncate(file, size)
        self._outputs, inputs = (mmap.mmap(file, size) for file, size in zip(self._files, self.sizes, strict=True))
        channel.PROGRAM_HEADER.pack_into(inputs, 0, len(pickled))
        inputs[channel.PROGRAM_HEADER.size : channel.PROGRAM_HEADER.size + len(pickled)] = pickled
        self.x: NDArray[np.float32] = np.frombuffer(inputs, np.float32, _ROWS, layout.blocks[0][1])
        columns = np.frombuffer(self._outputs, np.float32, offset=channel.TEXT_BYTES)
        self._columns = columns.reshape(1 + channel.MAX_COMPONENTS, _ROWS)
        doorbell, self._doorbell = os.pipe()
        # It fills after as many calls as it may hold frames.
        fcntl.fcntl(self._doorbell, fcntl.F_SETPIPE_SZ, 4096)
        self._answer, answer = os.pipe()
        self.worker = os.fork()
        if self.worker == 0:
            _work(self._files, self.sizes, doorbell, answer)
        os.close(doorbell)
        os.close(answer)

    def open(self) -> None:
        """Has the code compiled."""
        self._wait()
        os.write(self._doorbell, CALL.pack(0, 0, 0, 0, 0.0))
        self._wait()

    def __call__(self, x: NDArray[np.float32]) -> RewardBatch:
        self.x[:] = x
        os.write(self._doorbell, CALL.pack(0, _ROWS, 0, 0, 0.0))
        names, bits = self._wait()
        components = {name: self._columns[1 + row % channel.MAX_COMPONENTS] for row, name in enumerate(names)}
        broadcast = frozenset(name for bit, name in enumerate(names, 1) if bits >> bit & 1)
        return RewardBatch(self._columns[0], components, broadcast)

    def _wait(self) -> tuple[list[str], int]:
        frame = b""
        while len(frame) < REPLY.size:
            frame += os.read(self._answer, REPLY.size - len(frame))
        _, status, size, bits, *_ = REPLY.unpack(frame)
        words = self._outputs[:size]
        if status in (Status.RAISED, Status.MISSHAPEN):
            if words[:1] == b"\x80":
                raise pickle.loads(words)
            kind, _, rest = words.decode("utf-8", "surrogateescape").partition("\n")
            raise ToldByTheCode(f"{kind}: {rest.partition(chr(10))[2]}" if status == Status.RAISED else kind)
        return words.decode("utf-8", "surrogateescape").split("\n"), bits

    def grown(self) -> bool:
        """Whether one of its memory files has grown."""
        return any(os.fstat(file).st_size > size for file, size in zip(self._files, self.sizes, strict=True))


def _work(files: list[int], sizes: tuple[int, int], doorbell: int, answer: int) -> NoReturn:
    """What the zygote's children do, but for the confinement."""
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        for place, file in enumerate(files, OUTPUTS):
            os.dup2(file, place)
        os.dup2(doorbell, jail.DOORBELL)
        os.dup2(answer, jail.ANSWER)
        os.closerange(2, OUTPUTS)
        os.closerange(OUTPUTS + len(files), 4096)
        worker = Worker(mmap.mmap(OUTPUTS + 1, sizes[1]), mmap.mmap(OUTPUTS, sizes[0]))
        worker.reply(0, Status.CONFINED)
        worker.serve()
    finally:
        os._exit(70)


def run_credulously(reward: CredulousReward, request: Request, report: Report) -> None:
    """Runs an attack on the protocol against a credulous caller."""
    try:
        reward.open()
    except ToldByTheCode as told:
        report.judge_fault(told)
        return
    call_many(lambda x: _call(reward, x, report), request, report, _CALLS)
    if reward.grown():
        report.noticed(Effect.MEMORY, "a memory file of the caller has grown")


def _call(reward: CredulousReward, x: NDArray[np.float32], report: Report) -> RewardBatch:
    batch = reward(x)
    if not np.array_equal(reward.x, x):
        report.noticed(Effect.CALLER, "the caller's inputs changed")
    return batch
