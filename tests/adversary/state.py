"""What code that runs beside a trainer could change in it: a description of the calling process, to compare before and after."""

from __future__ import annotations

import atexit
import builtins
import gc
import os
import random
import resource
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Final

import numpy as np
import numpy.random

_LIMITS: Final = {name: getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_")}
_CHILDREN: Final = "children it has waited for"


class CallerState:
    """What this process is made of, as text by name; made once, before any attack.

    Additions to the namespaces of modules do not count, since lazy imports make them, but those to the builtins do.
    """

    def __init__(self) -> None:
        self._modules = {
            name: module
            for name, module in sys.modules.items()
            if isinstance(module, ModuleType)
            and name.split(".")[0] in ("numpy", "sandbox", "os", "math", "sys", "json", "time")
        }
        self._members = [
            (f"{name}.{member}", vars(module), member, value)
            for name, module in self._modules.items()
            for member, value in vars(module).items()
            if member != "__warningregistry__"
        ]
        self._constants = [
            (path, value, repr(value)) for path, _, _, value in self._members if isinstance(value, int | float | str)
        ]
        unwrapped = {id(value): getattr(value, "__wrapped__", value) for _, _, _, value in self._members}
        functions = [function for function in unwrapped.values() if isinstance(function, FunctionType)]
        self._functions = [(one, one.__code__, one.__defaults__, dict(one.__kwdefaults__ or {})) for one in functions]

    def describe(self) -> dict[str, str]:
        """The state, but for inputs."""
        return {
            "environment": str(sorted(os.environ.items())),
            "folder": os.getcwd(),  # noqa: PTH109
            "descriptors": str(dict(_descriptors())),
            "limits": str({name: resource.getrlimit(limit) for name, limit in _LIMITS.items()}),
            "priority": str(
                (os.getpriority(os.PRIO_PROCESS, 0), os.sched_getscheduler(0), sorted(os.sched_getaffinity(0)))
            ),
            "threads": str(len([*Path("/proc/self/task").iterdir()])),
            "hooks": str(list(map(id, _hooks()))),
            "interpreter": str(
                (sys.getrecursionlimit(), sys.getswitchinterval(), gc.isenabled(), atexit._ncallbacks())
            ),
            "path": str((sys.path, len(sys.meta_path), len(sys.path_hooks), [len(one) for one in warnings.filters])),
            "NumPy's settings": str((np.geterr(), np.geterrcall(), np.getbufsize(), np.get_printoptions())),
            "random numbers": str((hash(random.getstate()), _generator_of_numpy())),
            "builtins": str({name: id(value) for name, value in vars(builtins).items() if name != "_"}),
            "modules": str(list(self._altered())),
            _CHILDREN: str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss),
            **dict(_status()),
        }

    def _altered(self) -> Iterator[str]:
        """What is no longer as it was in the modules."""
        for name, module in self._modules.items():
            if sys.modules.get(name) is not module:
                yield name
        for path, names, member, value in self._members:
            if names.get(member) is not value:
                yield path
        for path, value, shown in self._constants:
            # One object still, but no longer what it was: its memory was written to.
            if repr(value) != shown:
                yield path
        for function, code, defaults, keywords in self._functions:
            if (function.__code__, function.__defaults__, function.__kwdefaults__ or {}) != (code, defaults, keywords):
                yield function.__qualname__


def is_of_children(what: str) -> bool:
    """Whether a part of the state tells of other processes."""
    return what == _CHILDREN


def _generator_of_numpy() -> str:
    state = np.random.get_state(legacy=False)["state"]
    return f"{state['pos']} {state['key'].tobytes().hex()}"


def _hooks() -> tuple[object, ...]:
    return (
        *(sys.excepthook, sys.displayhook, sys.unraisablehook, sys.stdin, sys.stdout, sys.stderr, threading.excepthook),
        *(sys.gettrace(), sys.getprofile(), sys.breakpointhook, warnings.showwarning, *gc.callbacks),
        *(signal.getsignal(number) for number in signal.valid_signals()),
    )


def _descriptors() -> Iterator[tuple[str, str]]:
    for name in sorted(os.listdir("/proc/self/fd"), key=int):  # noqa: PTH208
        try:
            yield name, str(Path(f"/proc/self/fd/{name}").readlink())
        except FileNotFoundError:
            continue


def _status() -> Iterator[tuple[str, str]]:
    for line in Path("/proc/self/status").read_text().splitlines():
        name, _, value = line.partition(":\t")
        if name in (
            "Umask",
            "SigBlk",
            "SigIgn",
            "SigCgt",
            "Uid",
            "Gid",
            "Groups",
            "TracerPid",
            "NoNewPrivs",
            "Seccomp",
            "CapEff",
        ):
            yield name, value.strip()


def memory_peaks(pid: int | str = "self") -> tuple[int, int]:
    """The most address space and the most resident memory of a process so far, in bytes. Raises OSError."""
    peaks = {}
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name in ("VmPeak", "VmHWM"):
            peaks[name] = int(value.split()[0]) * 1024
    # A process that is ending has neither.
    return peaks.get("VmPeak", 0), peaks.get("VmHWM", 0)
