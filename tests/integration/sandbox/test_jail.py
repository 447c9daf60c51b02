"""The process layer alone: code with every builtin, past the syntax layer, has no effect outside its process."""

import ast
import builtins
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from sandbox import (
    CheckedReward,
    Limits,
    RewardFault,
    RewardKilled,
    RewardMisshapen,
    RewardRaised,
    RewardTimeout,
    SandboxedReward,
)

INPUTS = {"x": np.arange(8, dtype=np.float32)}
# Those that the module `site` adds are not there without it, nor those that MuJoCo adds where other tests load it.
ADDED = {"copyright", "credits", "exit", "help", "license", "quit", "_"}
EVERY_BUILTIN = tuple(sorted(name for name in {*dir(builtins)} - ADDED if not name.startswith("__MUJOCO")))
GOOD = "return x, {'x': x}"


def unchecked(*lines: str) -> SandboxedReward:
    """A reward that the syntax layer never saw, with all of Python's builtins."""
    inner = "".join(f"    {line}\n" for line in (*lines, GOOD))
    source = f"def compute_reward(x):\n{inner}"
    checked = CheckedReward(source, ("x",), ast.parse(source), (), EVERY_BUILTIN)
    return SandboxedReward(checked, {"x": 0}, 8, Limits(call_seconds=2.0, memory_mib=256))


def test_without_an_attack_such_code_runs() -> None:
    with unchecked("import os, sys, ctypes, numpy as np", "assert np.sum(x) == 28.0") as reward:
        assert np.array_equal(reward(INPUTS).total, INPUTS["x"])


@pytest.fixture
def open_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in which any user may do anything, down from the root."""
    folder = Path(f"/tmp/sandbox-test-{os.getpid()}-{time.monotonic_ns()}")
    folder.mkdir()
    folder.chmod(0o777)
    (folder / "victim").write_text("whole")
    (folder / "victim").chmod(0o666)
    yield folder
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()


FILE_ATTACKS = {
    "reading a file": "open('{victim}').read()",
    "writing a file": "open('{victim}', 'w').write('broken')",
    "making a file": "import os; os.open('{folder}/new', os.O_CREAT | os.O_WRONLY)",
    "removing a file": "import os; os.unlink('{victim}')",
    "renaming a file": "import os; os.rename('{victim}', '{folder}/new')",
    "changing rights": "import os; os.chmod('{victim}', 0)",
    "truncating a file": "import os; os.truncate('{victim}', 0)",
    "linking a file": "import os; os.symlink('{victim}', '{folder}/new')",
    "making a folder": "import os; os.mkdir('{folder}/new')",
    "listing a folder": "import os; os.listdir('{folder}')",
    "saving an array": "import numpy as np; np.save('{folder}/new', x)",
    "dumping an array": "import numpy as np; np.asarray(x).tofile('{folder}/new')",
    "mapping a file": "import numpy as np; np.memmap('{victim}', mode='r+')",
    "running a command": "import os; os.system('echo broken > {victim}')",
    "running a program": "import os; os.execv('/bin/sh', ['sh', '-c', 'echo broken > {victim}'])",
    "loading a library": "import ctypes; ctypes.CDLL('{folder}/new.so')",
    "loading a module": "import sqlite3",
}


@pytest.mark.parametrize("attack", FILE_ATTACKS.values(), ids=FILE_ATTACKS.keys())
def test_no_file_can_be_touched(attack: str, open_folder: Path) -> None:
    line = attack.format(folder=open_folder, victim=open_folder / "victim")
    with unchecked(line) as reward, pytest.raises(RewardKilled, match="asked the kernel"):
        reward(INPUTS)

    assert [file.name for file in open_folder.iterdir()] == ["victim"]
    assert (open_folder / "victim").read_text() == "whole"
    assert (open_folder / "victim").stat().st_mode & 0o777 == 0o666


PROCESS_ATTACKS = {
    "forking": "import os; os.fork()",
    "starting a thread": "import _thread; _thread.start_new_thread(print, ())",
    "signalling the parent": "import os; os.kill(os.getppid(), 15)",
    "signalling everyone": "import os, signal; os.kill(-1, signal.SIGKILL)",
    "asking who it is": "import os; os.getpid()",
    "a TCP socket": "import socket; socket.socket()",
    "a UDP socket": "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
    "a Unix socket": "import socket; socket.socket(socket.AF_UNIX)",
    "a pipe": "import os; os.pipe()",
    "a memory file": "import os; os.memfd_create('x')",
    "sleeping": "import time; time.sleep(1)",
    "a signal handler": "import signal; signal.signal(15, signal.SIG_IGN)",
    "raising its limits": "import resource; resource.setrlimit(resource.RLIMIT_AS, (-1, -1))",
    "becoming root": "import os; os.setuid(0)",
    "changing folder": "import os; os.chdir('/')",
    "reading another descriptor": "import os; os.read(3, 1)",
    "writing to the error stream": "import os; os.write(2, b'x')",
    "duplicating a descriptor": "import os; os.dup(1)",
    "closing its answer": "import os; os.close(1)",
    "tracing": "import ctypes; ctypes.CDLL(None).ptrace(0, 0, 0, 0)",
    "executable memory": "import mmap; mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)",
    "making memory executable": "import ctypes; ctypes.CDLL(None).mprotect(ctypes.c_void_p(id(x) & ~4095), 4096, 7)",
    "System V memory": "import ctypes; ctypes.CDLL(None).shmget(1, 4096, 0o1666)",
    "a new namespace": "import ctypes; ctypes.CDLL(None).unshare(0x10000000)",
    "a keyring": "import ctypes; ctypes.CDLL(None).syscall(250, 0, 0)",
    "io_uring": "import ctypes; ctypes.CDLL(None).syscall(425, 1, 0)",
}


@pytest.mark.parametrize("attack", PROCESS_ATTACKS.values(), ids=PROCESS_ATTACKS.keys())
def test_no_system_call_beyond_computing_is_served(attack: str) -> None:
    with unchecked(attack) as reward, pytest.raises(RewardKilled, match="asked the kernel"):
        reward(INPUTS)


def test_a_listening_socket_of_the_parent_is_never_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        port = server.getsockname()[1]
        attack = f"import socket; socket.create_connection(('127.0.0.1', {port}))"
        with unchecked(attack) as reward, pytest.raises(RewardKilled):
            reward(INPUTS)
        with pytest.raises(TimeoutError):
            server.accept()


def test_the_environment_of_the_parent_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_API_KEY", "sk-very-secret")
    with unchecked("import os; raise ValueError(sorted(os.environ))") as reward, pytest.raises(RewardRaised) as caught:
        reward(INPUTS)

    assert "OPENBLAS_NUM_THREADS" in str(caught.value)
    assert "SECRET" not in str(caught.value)


def test_inputs_cannot_be_made_writable() -> None:
    lines = (
        "import ctypes, numpy as np",
        "start = x.__array_interface__['data'][0] & ~4095",
        "assert ctypes.CDLL(None).mprotect(ctypes.c_void_p(start), 4096, 3) == 0, 'refused'",
    )
    with unchecked(*lines) as reward, pytest.raises(RewardRaised, match="refused"):
        reward(INPUTS)


PROTOCOL_ATTACKS = {
    "too little": "import os; os.write(1, b'hello')",
    "garbage of the right length": "import os; os.write(1, b'x' * 32)",
    "too much": "import os; os.write(1, b'x' * 100000)",
    "zeros": "import os; os.write(1, bytes(32))",
    "an unknown status": "import os, struct; os.write(1, struct.pack('<IIIIdd', 1, 99, 0, 0, 0, 0))",
    "an endless text": "import os, struct; os.write(1, struct.pack('<IIIIdd', 1, 3, 1 << 31, 0, 0, 0))",
    "a status out of turn": "import os, struct; os.write(1, struct.pack('<IIIIdd', 1, 1, 0, 0, 0, 0))",
    "ending": "import os; os._exit(0)",
    "a crash": "import ctypes; ctypes.string_at(0)",
}


@pytest.mark.parametrize("attack", PROTOCOL_ATTACKS.values(), ids=PROTOCOL_ATTACKS.keys())
def test_a_child_that_breaks_the_protocol_is_killed(attack: str) -> None:
    with unchecked(attack) as reward:
        with pytest.raises(RewardKilled):
            reward(INPUTS)
        with pytest.raises(RewardKilled):
            reward(INPUTS)


def test_a_second_answer_to_one_call_is_noticed_at_the_next() -> None:
    lines = ("import os, struct", "os.write(1, struct.pack('<IIIIdd', 1, 5, 0, 0, 0, 0))")
    with unchecked(*lines) as reward:
        with pytest.raises(RewardMisshapen):
            reward(INPUTS)
        with pytest.raises(RewardKilled, match=r"without being asked|belongs to no call"):
            reward(INPUTS)


def test_a_child_that_answers_without_reading_its_doorbell_cannot_make_its_parent_wait() -> None:
    lines = (
        "import os, struct, sys",
        "worker, call, last = sys._getframe(1).f_locals['self'], 1, float(x[0])",
        "while True:",
        "    worker._outputs[:1] = b'x'",
        "    worker._columns[:2, :] = 0.0",
        "    os.write(1, struct.pack('<IIIIdd', call, 3, 1, 0, 0, 0))",
        # The next inputs are there; the doorbell follows within a moment.
        "    while float(x[0]) == last: pass",
        "    for _ in range(3000): pass",
        "    call, last = call + 1, float(x[0])",
    )
    # A pipe holds 64 KiB: 2,730 doorbells of 24 bytes that nobody reads.
    with unchecked(*lines) as reward, pytest.raises(RewardKilled):
        [reward({"x": np.full(8, call, np.float32)}) for call in range(3000)]


def test_an_answer_that_never_comes_is_a_timeout() -> None:
    with unchecked("while True: pass") as reward, pytest.raises(RewardTimeout):
        reward(INPUTS)


def test_forged_names_of_components_are_refused() -> None:
    lines = (
        "import os, struct, sys",
        "text = b'<script>\\n\\x1b[31m'",
        "sys._getframe(1).f_locals['self']._outputs[:len(text)] = text",
        "os.write(1, struct.pack('<IIIIdd', 1, 3, len(text), 0, 0, 0))",
        "while True: pass",
    )
    with unchecked(*lines) as reward, pytest.raises(RewardFault, match="component name '<script>' is not allowed"):
        reward(INPUTS)


def test_the_child_holds_nothing_but_its_own_user() -> None:
    with unchecked("pass") as reward:
        reward(INPUTS)
        child = reward._child
        assert child is not None
        info = Path(f"/proc/self/fdinfo/{child._pidfd}").read_text()
        pid = int(next(line.split()[1] for line in info.splitlines() if line.startswith("Pid:")))
        lines = [line.partition(":") for line in Path(f"/proc/{pid}/status").read_text().splitlines()]
        status = {name: value.split() for name, _, value in lines}

    assert status["Seccomp"] == ["2"]
    assert status["NoNewPrivs"] == ["1"]
    assert int(status["CapEff"][0], 16) == int(status["CapPrm"][0], 16) == 0
    assert "0" not in status["Uid"]
