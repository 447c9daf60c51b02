"""The zygote's own program: a fresh interpreter with NumPy loaded and warmed, which forks one child per request.

Run as a script by `sandbox.zygote`, with a clean environment and no site packages:
`python -s -P -S spawner.py CONTROL_FD PARENT_PIDFD ROOT_OF_NUMPY ROOT_OF_SANDBOX`. It ends when its parent does.
"""

from __future__ import annotations

import contextlib
import gc
import os
import resource
import select
import signal
import socket
import struct
import sys
import warnings
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Final

EXIT_STATUS: Final = struct.Struct("<i")
NICENESS: Final = 15
"""Rewards make way for what answers people, as trainings do, to whose workers Ray gives the same."""


class OnlyThese:
    """Finds the packages it was given and none beside them, so that nothing else can be loaded by mistake."""

    def __init__(self, roots: dict[str, str]) -> None:
        self._roots = roots

    def find_spec(self, name: str, path: object = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """The finder protocol of `sys.meta_path`."""
        if path is not None or name not in self._roots:
            return None
        return PathFinder.find_spec(name, [self._roots[name]], target)


class Spawner:
    """Forks children on request and reports how each ended."""

    def __init__(self, control: socket.socket, parent: int) -> None:
        self._control = control
        self._parent = parent
        self._children: dict[int, tuple[int, int]] = {}
        self._poll = select.poll()
        self._poll.register(control, select.POLLIN)
        self._poll.register(parent, select.POLLIN)

    def serve(self) -> None:
        """Works until the parent closes its end or dies."""
        while True:
            for descriptor, _ in self._poll.poll():
                if descriptor == self._parent:
                    return
                if descriptor in self._children:
                    self._bury(descriptor)
                elif not self._spawn():
                    return

    def _spawn(self) -> bool:
        message, descriptors, _, _ = socket.recv_fds(self._control, 256, 5, socket.MSG_CMSG_CLOEXEC)
        if not message:
            return False
        inputs, outputs, doorbell, answer, fate = descriptors
        zygote = os.getpid()
        try:
            child = os.fork()
        except OSError as error:
            self._control.send(f"fork: {error}".encode())
            os.close(fate)
        else:
            if child == 0:
                from sandbox import channel, worker

                worker.run(
                    inputs, outputs, doorbell, answer, channel.Grant._make(channel.SPAWN.unpack(message)), zygote
                )
            watched = os.pidfd_open(child)
            self._children[watched] = (child, fate)
            self._poll.register(watched, select.POLLIN)
            socket.send_fds(self._control, [b"ok"], [watched])
        for descriptor in (inputs, outputs, doorbell, answer):
            os.close(descriptor)
        return True

    def end(self) -> None:
        """Kills and reaps every child."""
        for watched in [*self._children]:
            signal.pidfd_send_signal(watched, signal.SIGKILL)
            self._bury(watched)

    def _bury(self, watched: int) -> None:
        """Reaps a child and writes its wait status to its owner, who may be gone."""
        child, fate = self._children.pop(watched)
        _, status = os.waitpid(child, 0)
        self._poll.unregister(watched)
        with contextlib.suppress(BrokenPipeError):
            os.write(fate, EXIT_STATUS.pack(status))
        os.close(fate)
        os.close(watched)


def main() -> None:
    """Loads NumPy, greets the parent with what the kernel offers, and serves."""
    control, parent, numpy_root, sandbox_root = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
    os.setpriority(os.PRIO_PROCESS, 0, max(NICENESS, os.getpriority(os.PRIO_PROCESS, 0)))
    sys.meta_path.append(OnlyThese({"numpy": numpy_root, "sandbox": sandbox_root}))
    import unicodedata  # noqa: F401  (confined children cannot load it)

    import numpy as np
    import numpy.ma

    from sandbox import channel, kernel, worker

    np.seterr(all="ignore")
    # To show one, Python would open the file that it came from.
    warnings.simplefilter("ignore")
    worker.warm()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:  # noqa: PTH123
        score.write("1000")
    gc.collect()
    gc.freeze()
    connection = socket.socket(fileno=control)
    connection.send(channel.GREETING.pack(kernel.landlock_abi() or 0, kernel.seccomp_available()))
    spawner = Spawner(connection, parent)
    spawner.serve()
    spawner.end()


if __name__ == "__main__":
    main()
