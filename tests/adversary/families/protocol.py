"""Tampering with the protocol: the process of the code says something else than what was asked, or says it in another way.

Unprotected these run against the caller of `credulous.py`. What the code returns is always its input, so anything else
that a caller takes for an answer is forged. A well-formed answer, on time, to the call that was asked is no attack,
whatever its finite numbers: a reward may return any.
"""

from __future__ import annotations

from typing import Final

from tests.adversary.attack import Attack, Effect, Family, Layer, reward

# What an attacker who reads our sources would write first: the worker's memory and pipes in his hands.
_DESK: Final = (
    "import os, sys",
    "from sandbox.channel import CALL, REPLY, TEXT_BYTES, Status",
    "from sandbox.jail import ANSWER, DOORBELL",
    "calls = [0]",
    "def desk():",
    "    frame = sys._getframe()",
    "    while not hasattr(frame.f_locals.get('self'), '_outputs'):",
    "        frame = frame.f_back",
    "    return frame.f_locals['self']",
    "def fill(values):",
    "    desk()._columns[:2, :] = values",
    "def frame(status, text=b'', bits=0, ahead=0, size=None):",
    "    desk()._outputs[:len(text)] = text",
    "    return REPLY.pack(calls[0] + ahead, status, len(text) if size is None else size, bits, 0.0, 0.0)",
    "def say(*words, **more):",
    "    os.write(ANSWER, frame(*words, **more))",
)
_BELIEVED, _TIME = Effect.BELIEVED, Effect.TIME
_NEVER: Final = "while True: pass"


def _attack(name: str, effect: Effect, *lines: str, top: tuple[str, ...] = ()) -> Attack:
    source = reward("calls[0] += 1", *lines, top=(*_DESK, *top))
    return Attack(name, Family.PROTOCOL, source, effect, frozenset(Layer))


_FRAMES: Final = (
    _attack("an answer of noise", _BELIEVED, "os.write(ANSWER, b'x' * REPLY.size)"),
    _attack("an answer of zeros", _BELIEVED, "os.write(ANSWER, bytes(REPLY.size))"),
    _attack("some bytes before the answer", _BELIEVED, "os.write(ANSWER, b'hello')"),
    _attack("half an answer, then silence", _TIME, "os.write(ANSWER, frame(Status.DONE, b'x')[:9])", _NEVER),
    _attack("more noise than the pipe holds", _BELIEVED, "os.write(ANSWER, b'\\1' * 100000)"),
    _attack("a status that is none", _BELIEVED, "say(99, b'x')", _NEVER),
    _attack("a status of the start in a call", _BELIEVED, "say(Status.READY, b'x')", _NEVER),
    _attack("a confinement confirmed in a call", _BELIEVED, "say(Status.CONFINED, b'x')", _NEVER),
    _attack("a confinement that failed, claimed in a call", _BELIEVED, "say(Status.UNCONFINED, b'no seccomp')", _NEVER),
    _attack("a text longer than its block", _BELIEVED, "say(Status.DONE, b'x', size=TEXT_BYTES + 1)", _NEVER),
    _attack("a text of two gigabytes", _BELIEVED, "say(Status.DONE, b'x', size=1 << 31)", _NEVER),
    _attack("a text of negative length", _BELIEVED, "say(Status.DONE, b'x', size=0xFFFFFFFF)", _NEVER),
    _attack("an answer to a call of long ago", _BELIEVED, "say(Status.DONE, b'x', ahead=-1)", _NEVER),
    _attack("an answer to a call that never comes", _BELIEVED, "say(Status.DONE, b'x', ahead=1 << 30)", _NEVER),
)

_TURNS: Final = (
    _attack("an answer twice", _BELIEVED, "fill(x)", "say(Status.DONE, b'x')"),
    _attack(
        "an answer before the question",
        _BELIEVED,
        "fill(x)",
        "os.write(ANSWER, frame(Status.DONE, b'x') + frame(Status.DONE, b'x', ahead=1))",
        "os.read(DOORBELL, CALL.size)",
        "calls[0] += 1",
    ),
    _attack("a stream of good answers", _BELIEVED, "fill(x)", "while True: say(Status.DONE, b'x')"),
    _attack("a hundred answers in one piece", _BELIEVED, "fill(x)", "os.write(ANSWER, frame(Status.DONE, b'x') * 100)"),
    _attack(
        "an answer and then a fault",
        _BELIEVED,
        "fill(x)",
        "os.write(ANSWER, frame(Status.DONE, b'x') + frame(Status.RAISED, b'x\\n1\\n\\x1b[2J'))",
    ),
    _attack(
        "an answer after the deadline",
        _TIME,
        "import time",
        "end = time.monotonic() + 5",
        "while time.monotonic() < end: pass",
    ),
    _attack("no answer", _TIME, _NEVER),
    _attack("no answer, waiting for the next question", _TIME, "os.read(DOORBELL, CALL.size)"),
    _attack(
        "answers without ever reading a question",
        _TIME,
        "last = float(x[0])",
        "while True:",
        "    fill(x)",
        "    say(Status.DONE, b'x')",
        "    while float(x[0]) == last: pass",
        # The question follows its inputs within a moment.
        "    for _ in range(3000): pass",
        "    last = float(x[0])",
        "    calls[0] += 1",
    ),
    _attack(
        "a text that never ends being made",
        _TIME,
        "raise Endless",
        top=(
            "class Endless(BaseException):",
            "    def __str__(self):",
            "        while True: pass",
        ),
    ),
    _attack("ready before it is, then honest", _BELIEVED, "pass", top=("say(Status.READY)",)),
    _attack("ready before it is, then never", _TIME, "pass", top=("say(Status.READY)", _NEVER)),
    _attack("confined a second time, at the start", _BELIEVED, "pass", top=("say(Status.CONFINED)",)),
    _attack("not confined after all, at the start", _BELIEVED, "pass", top=("say(Status.UNCONFINED, b'no seccomp')",)),
    _attack("done before the first question", _BELIEVED, "pass", top=("say(Status.DONE, b'x')",)),
)

_WORDS: Final = (
    _attack("one number said to stand for all", _BELIEVED, "fill(x)", "say(Status.DONE, b'x', bits=2)", _NEVER),
    _attack(
        "a name with a script in it", _BELIEVED, "fill(x)", "say(Status.DONE, b'<script>alert(1)</script>')", _NEVER
    ),
    _attack(
        "a name that drives a terminal", _BELIEVED, "fill(x)", "say(Status.DONE, b'\\x1b[2J\\x1b]0;x\\x07')", _NEVER
    ),
    _attack("a name that is no UTF-8", _BELIEVED, "fill(x)", "say(Status.DONE, b'\\xff\\xfe')", _NEVER),
    _attack("a name of eight thousand letters", _BELIEVED, "fill(x)", "say(Status.DONE, b'a' * TEXT_BYTES)", _NEVER),
    _attack("no name", _BELIEVED, "fill(x)", "say(Status.DONE)", _NEVER),
    _attack("one name twice", _BELIEVED, "fill(x)", "say(Status.DONE, b'x\\nx')", _NEVER),
    _attack(
        "more names than there are columns",
        _BELIEVED,
        "fill(x)",
        "say(Status.DONE, b'\\n'.join(b'x%d' % i for i in range(17)))",
        _NEVER,
    ),
    _attack(
        "a name that changes between two calls",
        _BELIEVED,
        "fill(x)",
        "if calls[0] == 2:",
        "    say(Status.DONE, b'y')",
        "    while True: pass",
    ),
    _attack(
        "a name that lies about what it is",
        _BELIEVED,
        "return x, {Name('<b>x</b>'): x}",
        top=("class Name(str):", "    isascii = isidentifier = __len__ = lambda self: 1"),
    ),
    _attack(
        "a dictionary that lists other names than it holds",
        _BELIEVED,
        "return x, Names(x=x)",
        top=("class Names(dict):", "    def __iter__(self):", "        return iter(['../../etc/passwd'])"),
    ),
    _attack("a fault whose text fills the block", _BELIEVED, "say(Status.RAISED, b'E\\n1\\n' + b'A' * 8000)"),
    _attack("a fault whose text is no UTF-8", _BELIEVED, "say(Status.RAISED, b'E\\n1\\n\\xff\\xfe')"),
    _attack("a fault whose text forges a line of the log", _BELIEVED, "raise ValueError('x\\n12:00 INFO fitness 1.0')"),
    _attack("a fault whose class drives a terminal", _BELIEVED, "raise type('\\x1b[2J', (Exception,), {})"),
    _attack("a fault whose class has a name without end", _BELIEVED, "raise type('A' * 10**6, (Exception,), {})"),
    _attack("a complaint that drives a terminal", _BELIEVED, "say(Status.MISSHAPEN, b'red: \\x1b[31m')"),
    _attack(
        "a fault that is a pickle",
        Effect.FILES,
        "say(Status.RAISED, pickle.dumps(Trap()))",
        _NEVER,
        top=(
            "import pickle",
            "class Trap:",
            "    def __reduce__(self):",
            "        return os.mkdir, ('$FOLDER/unpickled',)",
        ),
    ),
)

_MEMORY: Final = (
    _attack(
        "numbers that are none, past the child's check",
        _BELIEVED,
        "fill(float('nan'))",
        "say(Status.DONE, b'x')",
        _NEVER,
    ),
    _attack(
        "an infinite component, past the child's check",
        _BELIEVED,
        "fill(x)",
        "desk()._columns[1, 3] = float('inf')",
        "say(Status.DONE, b'x')",
        _NEVER,
    ),
    _attack(
        "an answer that changes while it is read",
        _BELIEVED,
        "columns, honest = desk()._columns, x.copy()",
        "fill(honest)",
        "say(Status.DONE, b'x')",
        "for _ in range(5000):",
        "    columns[:2, :] = honest",
        "    columns[:2, :] = np.nan",
        _NEVER,
    ),
    _attack("writing to the inputs", Effect.CALLER, "kept = x.copy()", "x[:] = 7.0", "return kept, {'x': kept}"),
    _attack(
        "writing to the inputs by their address",
        Effect.CALLER,
        "import ctypes",
        "kept = x.copy()",
        "ctypes.memset(x.ctypes.data, 0, 32)",
        "return kept, {'x': kept}",
    ),
    _attack(
        "making the inputs writable",
        Effect.CALLER,
        "import ctypes",
        "kept, start = x.copy(), x.ctypes.data",
        "assert ctypes.CDLL(None).mprotect(ctypes.c_void_p(start & ~4095), 4096, 3) == 0",
        "ctypes.memset(start, 0, 32)",
        "return kept, {'x': kept}",
    ),
    _attack("cutting the memory of the answer", Effect.CALLER, "os.ftruncate($OUT, 0)", "say(Status.DONE)", _NEVER),
    _attack(
        "cutting the memory of the inputs",
        Effect.CALLER,
        "kept = x.copy()",
        "os.ftruncate($OUT + 1, 0)",
        "return kept, {'x': kept}",
    ),
    _attack("growing the memory of the answer", Effect.MEMORY, "os.ftruncate($OUT, 1 << 30)"),
)

_ENDS: Final = (
    _attack("ending well", _TIME, "os._exit(0)"),
    _attack("ending as if it had been killed", _TIME, "os._exit(128 + 9)"),
    _attack("killing itself as if memory were short", _TIME, "os.kill(os.getpid(), 9)"),
    _attack("crashing", _TIME, "import ctypes", "ctypes.string_at(0)"),
    _attack("stopping itself", _TIME, "os.kill(os.getpid(), 19)"),
    _attack("closing its answer", _TIME, "os.close(ANSWER)"),
    _attack("answering to nobody", _TIME, "os.dup2(DOORBELL, ANSWER)"),
    _attack("two processes that answer", Effect.PROCESS, "os.fork()"),
    _attack("killing the caller", Effect.CALLER, "os.kill($CALLER, 9)"),
    _attack("stopping the caller", _TIME, "os.kill($CALLER, 19)"),
    _attack("lowering the caller's priority", Effect.CALLER, "os.setpriority(os.PRIO_PROCESS, $CALLER, 15)"),
    _attack(
        "tracing the caller",
        _TIME,
        "import ctypes",
        "ctypes.CDLL(None).ptrace(16, $CALLER, None, None)",
        "os.waitpid($CALLER, 0)",
    ),
    _attack(
        "reading the caller's memory",
        Effect.LEAK,
        "memory = open('/proc/$CALLER/mem', 'rb', 0)",
        "for line in open('/proc/$CALLER/maps'):",
        "    span, rights, *rest = line.split()",
        "    if rights[:2] == 'rw' and rest[-1] != '[vvar]':",
        "        start, end = (int(one, 16) for one in span.split('-'))",
        "        memory.seek(start)",
        "        found = re.search(rb'REWARDSMITH_SECRET=(sk[0-9a-f]{24})', memory.read(end - start))",
        "        if found: raise ValueError(found[1].decode())",
        top=("import re",),
    ),
)

ATTACKS: Final[tuple[Attack, ...]] = (*_FRAMES, *_TURNS, *_WORDS, *_MEMORY, *_ENDS)
