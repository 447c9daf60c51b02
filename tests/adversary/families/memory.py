"""Memory: more than a reward may have, in one piece or in many; and depth, which takes the stack.

Nearly all of it is made of what every sane reward uses, which the syntax layer cannot refuse.
"""

from __future__ import annotations

from typing import Final

from tests.adversary.attack import BOTH, PROCESS_ALONE, Attack, Effect, Family, Layer, reward


def _attack(
    name: str,
    *lines: str,
    top: tuple[str, ...] = (),
    layers: frozenset[Layer] = PROCESS_ALONE,
    effect: Effect = Effect.MEMORY,
) -> Attack:
    return Attack(name, Family.MEMORY, reward(*lines, top=top), effect, layers)


_ARRAYS: Final = (
    _attack("one large array", "y = np.ones(10**9)"),
    _attack("an array of zeros, touched page by page", "y = np.zeros(48 * 10**6)", "y[::512] = 1.0"),
    _attack("a broadcast made real", "y = np.broadcast_to(x, (10**7, 8)).copy()"),
    _attack("an outer difference of long vectors", "y = np.arange(12000.0)", "z = y[:, None] - y[None, :]"),
    _attack(
        "a product that squares its size at each turn", "y = np.ones(2)", "for i in range(6):", "    y = np.kron(y, y)"
    ),
    _attack("an axis for every argument", "y = np.meshgrid(*([np.arange(10.0)] * 8))"),
    _attack("a count of one large number", "y = np.bincount([10**9])"),
    _attack("one long text among many short ones", "y = np.array(['a' * 10**5, *(['b'] * 10**4)])"),
    _attack("a type that is itself large", "y = np.zeros(2, '(10000,10000)f8')"),
    _attack("many small arrays", "y = [np.zeros(500) for i in range(10**7)]"),
    _attack("a list of views that keep their arrays", "y = [np.ones(10**5)[:1] for i in range(10**4)]"),
    _attack(
        "arrays held by every call of a recursion",
        "return x + deeper(0), {'x': x}",
        top=(
            "def deeper(depth):",
            "    held = np.ones(10**5)",
            "    return deeper(depth + 1) + held[0] if depth < 900 else 0.0",
        ),
    ),
    _attack(
        "arrays that a module-level list keeps",
        "for i in range(10**6):",
        "    kept.append(x + np.zeros((10**4, 1)))",
        top=("kept = []",),
    ),
    _attack(
        "arrays that a default value keeps",
        "for i in range(10**6):",
        "    keep(np.ones(10**5))",
        top=("def keep(array, kept={}):", "    kept[len(kept)] = array"),
    ),
)

_COLLECTIONS: Final = (
    _attack("a list that doubles", "y = [0]", "for i in range(40):", "    y = y + y"),
    _attack("a list of a range", "y = list(range(10**10))"),
    _attack("a list that grows while it is read", "y = [0]", "for item in y: y.extend([item] * 1000)"),
    _attack("a dictionary", "y = {i: [i] * 10**4 for i in range(10**9)}"),
    _attack("a set of tuples", "y = set()", "for i in range(10**9): y.add((i,) * 10**4)"),
    _attack("arguments unpacked from a range", "y = max(*range(10**10))"),
    _attack("a range on the left of a slice", "y = []", "y[:] = range(10**10)"),
    _attack("lists in lists in lists", "y = [[[0] * 10**5 for a in range(100)] for b in range(100)]"),
    _attack(
        "functions that hold functions", "y = 0", "for i in range(10**9):", "    y = lambda held=(y, [0] * 10**5): held"
    ),
    _attack(
        "every product of a few numbers",
        "import itertools",
        "y = list(itertools.product(range(100), repeat=5))",
        layers=BOTH,
    ),
)

_TEXT_AND_NUMBERS: Final = (
    _attack("a text repeated", "y = 'a' * 10**10"),
    _attack("a text padded by its format", "y = f'{1:>{10**10}}'"),
    _attack("a text padded by percent", "y = '%*d' % (2 * 10**9, 1)"),
    _attack("a number with all its digits", "y = f'{0.1:.{10**9}f}'"),
    _attack("a replacement that squares a text", "y = ('a' * 10**5).replace('a', 'b' * 10**5)"),
    _attack("a text joined by itself", "y = ('a' * 10**5).join(['b'] * 10**5)"),
    _attack("a text that is told twice by the next", "y = 'a'", "for i in range(40): y = f'{y}{y}'"),
    _attack("an integer shifted", "y = 1 << 10**11"),
    _attack("bytes", "y = bytearray(10**9)", layers=BOTH),
    _attack(
        "a map of nothing",
        "import mmap",
        "y = mmap.mmap(-1, 1 << 30)",
        layers=BOTH,
    ),
)

_STACK: Final = (
    _attack(
        "iterators nested deeper than the stack",
        "y = x",
        "for i in range(200000):",
        "    y = map(abs, y)",
        "list(y)",
        effect=Effect.CALLER,
    ),
    _attack(
        "the hash of tuples nested deeper than the stack",
        "y = ()",
        "for i in range(400000):",
        "    y = (y,)",
        "z = {y: 0}",
        effect=Effect.CALLER,
    ),
    _attack(
        "an array that holds itself, added to itself",
        "y = np.array([None])",
        "y[0] = y",
        "z = y + y",
        effect=Effect.CALLER,
    ),
    _attack(
        "arrays nested deeper than the stack, let go at once",
        "y = np.array([None])",
        "for i in range(400000):",
        "    outer = np.array([None])",
        "    outer[0] = y",
        "    y = outer",
        effect=Effect.CALLER,
    ),
)

ATTACKS: Final[tuple[Attack, ...]] = (*_ARRAYS, *_COLLECTIONS, *_TEXT_AND_NUMBERS, *_STACK)
