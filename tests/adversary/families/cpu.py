"""Processor time, and waiting: calls that are not back by any deadline.

Most of it is made of what every sane reward uses, which the syntax layer cannot refuse.
"""

from __future__ import annotations

from typing import Final

from tests.adversary.attack import BOTH, PROCESS_ALONE, Attack, Effect, Family, Layer, reward


def _attack(name: str, *lines: str, top: tuple[str, ...] = (), layers: frozenset[Layer] = PROCESS_ALONE) -> Attack:
    return Attack(name, Family.CPU, reward(*lines, top=top), Effect.TIME, layers)


_LOOPS: Final = (
    _attack("loops in loops", "for a in range(10**5):", "    for b in range(10**5):", "        c = a * b"),
    _attack("a sum over a range, in C", "total = sum(range(10**13))"),
    _attack("a loop at module level", top=("for i in range(10**12): pass",)),
    _attack("a loop without a condition", "while True: pass", layers=BOTH),
    _attack("an iterator that never ends", "for nothing in iter(int, 1): pass", layers=BOTH),
    _attack(
        "a generator that feeds itself",
        "def feed():",
        "    yield 1",
        "    yield from feed()",
        "def forever():",
        "    while [next(feed())]: yield 1",
        "sum(forever())",
        layers=BOTH,
    ),
    _attack("a list that never ends as it is read", "work = [0]", "for item in work: work.append(sum(range(10**5)))"),
    _attack(
        "two calls in every call",
        "return x + double(60), {'x': x}",
        top=("def double(depth): return depth if depth < 2 else double(depth - 1) + double(depth - 2)",),
    ),
    _attack("a sort whose key takes its time", "sorted(range(4000), key=lambda item: sum(range(10**7)))"),
)

_LARGE: Final = (
    _attack("a power of integers", "y = 10 ** 10 ** 8"),
    _attack("a factorial", "y = math.factorial(10**7)"),
    _attack("a common divisor of large integers", "a = 3**2000000", "b = 2**3200000 + 1", "y = math.gcd(a, b)"),
    _attack("the root of a large integer", "y = math.isqrt(7 ** 10**7)"),
    _attack(
        "the digits of a large integer",
        "import sys",
        "sys.set_int_max_str_digits(0)",
        "str(1 << 10**7)",
        layers=BOTH,
    ),
    _attack("a sum of lists, each copied into the next", "y = sum([[0] * 10] * 10**6, [])"),
    _attack("keys of one hash", "y = {i * (2**61 - 1): 0 for i in range(10**5)}"),
    _attack(
        "two trees that are equal in every branch",
        "a, b = (1.5,), (1.5 + 0.0 * len(x),)",
        "for i in range(60):",
        "    a, b = (a, a), (b, b)",
        "y = a == b",
    ),
    _attack(
        "types in tuples in tuples",
        "kinds = str",
        "for i in range(60):",
        "    kinds = (kinds, kinds)",
        "isinstance(x, kinds)",
    ),
    _attack(
        "a regular expression that goes back",
        "import re",
        "re.match('(a+)+$$', 'a' * 60 + 'b')",
        layers=BOTH,
    ),
    _attack(
        "iterators over iterators", "y = range(10**9)", "for i in range(100):", "    y = map(abs, y)", "total = sum(y)"
    ),
)

_ARRAYS: Final = (
    _attack("a convolution of two long arrays", "y = np.ones(10**6)", "z = np.convolve(y, y)"),
    _attack("a sum over four axes at once", "y = np.ones(2000)", "z = np.einsum('i,j,k,l->', y, y, y, y)"),
    _attack("a high power of a large matrix", "z = np.linalg.matrix_power(np.eye(1500) * 0.5 + 0.1, 2**40 - 1)"),
    _attack(
        "the decomposition of a large matrix", "z = np.linalg.svd(np.sin(np.arange(2000.0 * 2000)).reshape(2000, 2000))"
    ),
    _attack(
        "a function called for every number",
        "z = np.apply_along_axis(lambda row: row.sum(), 0, np.broadcast_to(x, (10**7, 8)).T)",
    ),
    _attack("a sum over an array that takes no memory", "total = np.broadcast_to(1.0, (10**12,)).sum()"),
    _attack(
        "strings of an array compared in full",
        "y = np.array(['a' * 10**6] * 20)",
        "z = [np.sort(y).size for i in range(10**6)]",  # keeps none of them: memory must not be what ends it
    ),
)

_WAITING: Final = (
    _attack("sleep", "import time", "time.sleep(60.0)", layers=BOTH),
    _attack("a pipe that nobody writes to", "import os", "ours, theirs = os.pipe()", "os.read(ours, 1)", layers=BOTH),
    _attack(
        "a lock that is taken twice",
        "import _thread",
        "lock = _thread.allocate_lock()",
        "[lock.acquire() for i in range(2)]",
        layers=BOTH,
    ),
    _attack("a signal that never comes", "import signal", "signal.sigwait([signal.SIGUSR1])", layers=BOTH),
    _attack(
        "a child that does not end", "import os", "os.waitpid(os.fork() or os.read(os.pipe()[0], 1), 0)", layers=BOTH
    ),
    _attack(
        "a listener that nobody speaks to",
        "import socket",
        "socket.create_server(('127.0.0.1', 0)).accept()",
        layers=BOTH,
    ),
    _attack(
        "an exception whose text never ends",
        "class Endless(Exception):",
        "    def __str__(self):",
        "        while True: pass",
        "raise Endless",
        layers=BOTH,
    ),
    _attack(
        "an answer that takes forever to be read",
        "class Slow:",
        "    def __array__(self, dtype=None, copy=None):",
        "        while True: pass",
        "return Slow(), {'x': x}",
        layers=BOTH,
    ),
    _attack(
        "an exception that is caught again and again",
        "def again():",
        "    try:",
        "        again()",
        "    finally:",
        "        again()",
        "again()",
        layers=BOTH,
    ),
)

ATTACKS: Final[tuple[Attack, ...]] = (*_LOOPS, *_LARGE, *_ARRAYS, *_WAITING)
