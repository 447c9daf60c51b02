"""What any backend of the sandbox must do: run sane code rightly, name faults by their kind, and hold code that nobody checked.

Each check takes a backend alone, so the same suite is run by the tests, by `rewardsmith doctor` on a user's machine, as
another user, and in a container. The corpus of attacks in the tests goes further; this is what must hold before the first
reward is trusted to a machine.
"""

from __future__ import annotations

import ast
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from sandbox.errors import RewardFault, RewardKilled, RewardMisshapen, RewardRaised, RewardTimeout, SandboxFault
from sandbox.policy import CheckedReward, check_reward
from sandbox.reward import Limits, RewardBatch

Inputs = Mapping[str, NDArray[np.float32]]
SIZES: Final = {"x": 0, "v": 3}
ROWS: Final = 512
LIMITS: Final = Limits(call_seconds=2.0, memory_mib=256)
_GOOD: Final = "return x, {'x': x}"
_LATE_SECONDS: Final = 2.0


class Handle(Protocol):
    """A reward in a backend: opened by `with`, called with a batch."""

    def __enter__(self) -> Self:
        """Starts it."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends it."""

    def __call__(self, inputs: Inputs) -> RewardBatch:
        """The rewards of one batch."""


class Backend(Protocol):
    """Makes handles; `SandboxedReward` is one."""

    def __call__(self, checked: CheckedReward, sizes: Mapping[str, int], max_batch: int, limits: Limits) -> Handle:
        """A handle on a checked reward."""


class Unsound(SandboxFault):
    """A backend does not do what it must; no reward may be trusted to it."""


@dataclass(frozen=True)
class Held:
    """One check that a backend passed, and how long it took."""

    name: str
    seconds: float


def conform(backend: Backend) -> tuple[Held, ...]:
    """Runs every check. Raises Unsound with the first that fails, and SandboxFault where the backend cannot work."""
    passed = []
    for name, check in CHECKS.items():
        start = time.perf_counter()
        check(backend)
        passed.append(Held(name, time.perf_counter() - start))
    return tuple(passed)


def inputs() -> dict[str, NDArray[np.float32]]:
    """The batch every check uses: `x` (512,), `v` (512, 3)."""
    random = np.random.default_rng(0)
    return {name: random.normal(size=(ROWS, n) if n else ROWS).astype(np.float32) for name, n in SIZES.items()}


def _sane(backend: Backend, *lines: str, limits: Limits = LIMITS) -> Handle:
    """A reward of `x` and `v` that the syntax layer passed."""
    body = "".join(f"    {line}\n" for line in lines)
    return backend(check_reward(f"def compute_reward(x, v):\n{body}", SIZES), SIZES, ROWS, limits)


def _hostile(backend: Backend, *lines: str) -> Handle:
    """A reward of `x` that no syntax layer has seen, with builtins enough to import anything."""
    body = "".join(f"    {line}\n" for line in (*lines, _GOOD))
    source = f"def compute_reward(x):\n{body}"
    names = ("__import__", "open", "bytes", "range", "ValueError")
    return backend(CheckedReward(source, ("x",), ast.parse(source), (), names), SIZES, ROWS, LIMITS)


def _expect(met: bool, expected: str) -> None:
    if not met:
        raise Unsound(f"expected: {expected}; this backend does otherwise")


def _expect_fault(handle: Handle, kind: type[RewardFault], expected: str) -> RewardFault:
    """Calls a reward that must fail, and must go on failing if its process is gone."""
    with handle as reward:
        try:
            reward(inputs())
        except kind as fault:
            return fault
        except RewardFault as fault:
            raise Unsound(f"expected: {expected}; got {type(fault).__name__}: {fault}") from fault
    raise Unsound(f"expected: {expected}; it answered as if nothing had happened")


def _computes(backend: Backend) -> None:
    given = inputs()
    lines = ("near = np.exp(-np.sum(np.square(v), axis=-1))", "return 2.0 * x + near, {'near': near, 'x': x}")
    with _sane(backend, *lines) as reward:
        batch = reward(given)
    near = np.exp(-np.sum(np.square(given["v"]), axis=-1))
    right = np.array_equal(batch.total, 2.0 * given["x"] + near) and np.array_equal(batch.components["near"], near)
    _expect(right and batch.total.dtype == np.float32, "the numbers that the same code gives in this process, float32")


def _goes_on(backend: Backend) -> None:
    with _sane(backend, "assert x[0] > 0.0, 'not above 0'", "return x, {'x': x}") as reward:
        for sign in (1.0, -1.0, 1.0):
            given = {name: np.abs(array) * np.float32(sign) for name, array in inputs().items()}
            try:
                _expect(np.array_equal(reward(given).total, given["x"]), "right numbers after an exception")
            except RewardRaised as fault:
                _expect(sign < 0 and fault.line == 2, "an exception of the code, with its line")


def _misshapen(backend: Backend) -> None:
    fault = _expect_fault(_sane(backend, "return v, {'v': v}"), RewardMisshapen, "a wrong shape is refused")
    _expect("(512, 3)" in str(fault), "the message shows the shape that came")
    _expect_fault(
        _sane(backend, "return x / 0.0, {'x': x}"), RewardMisshapen, "numbers that are not finite are refused"
    )


def _on_time(backend: Backend) -> None:
    limits = Limits(call_seconds=0.2)
    with _sane(backend, "return x, {'x': x}") as beside:
        start = time.perf_counter()
        endless = _sane(backend, "y = 10 ** 10 ** 8", "return x, {'x': x}", limits=limits)
        _expect_fault(endless, RewardTimeout, "code that never answers is stopped at its deadline")
        _expect(time.perf_counter() - start < limits.call_seconds + _LATE_SECONDS, "stopped soon after its deadline")
        _expect(np.array_equal(beside(inputs()).total, inputs()["x"]), "the reward beside it goes on")


def _within_memory(backend: Backend) -> None:
    _expect_fault(_sane(backend, "y = np.ones(10 ** 9)", "return x, {'x': x}"), RewardKilled, "memory has a limit")


def _held(line: str) -> Callable[[Backend], None]:
    """A check that one thing no reward needs ends the process that tries it."""

    def check(backend: Backend) -> None:
        _expect_fault(_hostile(backend, line), RewardKilled, f"the process that tries `{line}` is killed")

    return check


def _blind(backend: Backend) -> None:
    known = ("LC_", "LD_LIBRARY_PATH", "MALLOC_", "MKL_", "OMP_", "OPENBLAS_", "PYTHONHASHSEED")
    line = f"import os; raise ValueError([name for name in os.environ if not name.startswith({known})])"
    fault = _expect_fault(_hostile(backend, line), RewardRaised, "an exception of the code")
    _expect("[]" in str(fault), "nothing of this process's environment is there")


def _read_only(backend: Backend) -> None:
    lines = (
        "import ctypes",
        "start = ctypes.c_void_p(x.__array_interface__['data'][0] & ~4095)",
        "assert ctypes.CDLL(None).mprotect(start, 4096, 3) != 0",
        "raise ValueError('refused')",
    )
    fault = _expect_fault(_hostile(backend, *lines), RewardRaised, "an exception of the code")
    _expect("refused" in str(fault), "the inputs cannot be made writable")


CHECKS: Final[Mapping[str, Callable[[Backend], None]]] = {
    "computes what this process computes": _computes,
    "tells an exception with its line and goes on": _goes_on,
    "refuses wrong shapes and numbers that are not finite": _misshapen,
    "stops code at its deadline, and no other": _on_time,
    "stops code at its limit of memory": _within_memory,
    "inputs cannot be made writable": _read_only,
    "the environment is out of reach": _blind,
    "no file is read": _held("open('/etc/passwd').read()"),
    "no file is written": _held("open('/tmp/rewardsmith-conformance', 'w')"),
    "no program is run": _held("import os; os.execv('/bin/true', ['true'])"),
    "no process is forked": _held("import os; os.fork()"),
    "no thread is started": _held("import _thread; _thread.start_new_thread(bytes, ())"),
    "no process is signalled": _held("import os; os.kill(os.getppid(), 0)"),
    "no socket is made": _held("import socket; socket.socket()"),
    "no library is loaded": _held("import ctypes; ctypes.CDLL('libanl.so.1')"),
    "no memory is executable": _held("import mmap; mmap.mmap(-1, 4096, prot=7)"),
    "no other descriptor is read": _held("import os; os.read(2, 1)"),
    "no garbage is believed": _held("import os; os.write(1, bytes(64))"),
    "no early end is taken for an answer": _held("import os; os._exit(0)"),
}
"""Every check by what it makes sure of."""
