"""Python's builtins, and the state of the interpreter that they and the standard library lead to."""

from __future__ import annotations

from typing import Final

from tests.adversary.attack import BOTH, Attack, Effect, Family, Layer, reward

_SPELL: Final = "return np.array([float(ord(letter)) for letter in found[:8]]), {'x': x}"
_CODE: Final = "\"open('$FOLDER/made', 'w').close()\""


def _attack(
    name: str, effect: Effect, *lines: str, top: tuple[str, ...] = (), layers: frozenset[Layer] = BOTH
) -> Attack:
    return Attack(name, Family.BUILTINS, reward(*lines, top=top), effect, layers)


_FILES: Final = (
    _attack("open, to read", Effect.LEAK, "found = open('$FOLDER/secret').read()", _SPELL),
    _attack("open, to write", Effect.FILES, "with open('$FOLDER/victim', 'w') as file: file.write('broken')"),
    _attack(
        "open, on descriptors that the caller has open",
        Effect.LEAK,
        "import os",
        "held = [number for number in map(int, os.listdir('/proc/self/fd')) if number < 400]",
        "files = [number for number in held if os.path.isfile('/proc/self/fd/%d' % number)]",
        "raise ValueError(' '.join(open(number, 'rb', closefd=False).read(64).decode() for number in files))",
    ),
    _attack(
        "the licence that a builtin of site shows",
        Effect.LEAK,
        "license._Printer__filenames = ['$FOLDER/secret']",
        "license._Printer__setup()",
        "found = license._Printer__lines[0]",
        _SPELL,
    ),
)

_CODE_FROM_TEXT: Final = (
    _attack("eval", Effect.FILES, f"eval({_CODE})"),
    _attack("exec over a namespace of its own", Effect.FILES, f"exec({_CODE}, {{}})"),
    _attack(
        "compile, and a function of what it gives",
        Effect.FILES,
        "import types",
        f"types.FunctionType(compile({_CODE}, 'x', 'exec'), globals())()",
    ),
    _attack("eval as the key of a sort", Effect.FILES, f"sorted([{_CODE}], key=eval)"),
    _attack("a class body that is no class statement", Effect.FILES, f"__build_class__(lambda: eval({_CODE}), 'Body')"),
    _attack("the timing of a statement", Effect.FILES, "import timeit", f"timeit.timeit({_CODE}, number=1)"),
    _attack(
        "a pickle written by hand",
        Effect.FILES,
        "import pickle",
        "pickle.loads(b\"cos\\nmkdir\\n(S'$FOLDER/made'\\ntR.\")",
    ),
    _attack(
        "a breakpoint whose hook the environment names",
        Effect.FILES,
        "import os",
        "os.environ['PYTHONBREAKPOINT'] = 'os.mkdir'",
        "breakpoint('$FOLDER/made')",
    ),
    _attack(
        "the pager that help shows its pages with",
        Effect.FILES,
        "import pydoc",
        "pydoc.pager = lambda text: open('$FOLDER/made', 'w').close()",
        "pydoc.help(len)",
    ),
)

_NAMES: Final = (
    _attack("getattr with a name put together", Effect.FILES, "getattr(np, 'sa' + 've')('$FOLDER/made', x)"),
    _attack("setattr on a module", Effect.CALLER, "setattr(math, 'pi', 3.0)"),
    _attack("delattr on a module", Effect.CALLER, "delattr(np, 'mean')"),
    _attack("vars of a module, written to", Effect.CALLER, "vars(math)['tau'] = 6.0"),
    _attack(
        "globals, and the builtins in them",
        Effect.FILES,
        "found = globals()['__built' + 'ins__']",
        "(found if isinstance(found, dict) else found.__dict__)['open']('$FOLDER/made', 'w').close()",
    ),
    _attack("__import__", Effect.FILES, "__import__('os').mkdir('$FOLDER/made')"),
    _attack(
        "dir, to find what has a dangerous method",
        Effect.FILES,
        "ways = [name for name in dir(x) if name.endswith('file')]",
        "type(x).__dict__[ways[0]](x, '$FOLDER/made')",
    ),
    _attack("a new attribute among the builtins", Effect.CALLER, "import builtins", "builtins.len = lambda value: 0"),
    _attack(
        "object's own way of setting an attribute",
        Effect.CALLER,
        "object.__setattr__(math, 'e', 3.0)",
    ),
)

_MEMORY: Final = (
    _attack("a memory view of an input", Effect.CALLER, "memoryview(x).cast('B')[:4] = bytes(4)"),
    _attack("an address that is no address", Effect.CALLER, "import ctypes", "ctypes.string_at(8)"),
    _attack(
        "an object cast from a number",
        Effect.CALLER,
        "import ctypes",
        "ctypes.cast(4096, ctypes.py_object).value.anything",
    ),
    _attack(
        "an immutable number changed at its address",
        Effect.CALLER,
        "import ctypes",
        "ctypes.memset(id(math.pi) + 16, 0, 8)",
    ),
    _attack(
        "the C interface of the interpreter",
        Effect.FILES,
        "import ctypes",
        "ctypes.pythonapi.PyRun_SimpleString(b\"open('$FOLDER/made', 'w').close()\")",
    ),
)

_INTERPRETER: Final = (
    _attack("an end without goodbye", Effect.CALLER, "import os", "os._exit(0)"),
    _attack("a fatal error", Effect.CALLER, "import os", "os.abort()"),
    _attack("the depth of recursion", Effect.CALLER, "import sys", "sys.setrecursionlimit(50)"),
    _attack("the turns of threads", Effect.CALLER, "import sys", "sys.setswitchinterval(100.0)"),
    _attack("the garbage collector switched off", Effect.CALLER, "import gc", "gc.disable()"),
    _attack("work for the caller's end", Effect.CALLER, "import atexit", "atexit.register(print)"),
    _attack("the caller's environment", Effect.CALLER, "import os", "os.environ['REWARDSMITH_SECRET'] = 'mine'"),
    _attack("where the caller writes", Effect.CALLER, "import sys", "sys.stderr = sys.stdout"),
    _attack("warnings that become errors", Effect.CALLER, "import warnings", "warnings.simplefilter('error')"),
    _attack("a signal that is ignored", Effect.CALLER, "import signal", "signal.signal(15, signal.SIG_IGN)"),
    _attack(
        "a thread that stays",
        Effect.CALLER,
        "import threading, time",
        "threading.Thread(target=time.sleep, args=(60.0,), daemon=True).start()",
    ),
    _attack("a garbage collection that reports to the code", Effect.CALLER, "import gc", "gc.callbacks.append(print)"),
)

ATTACKS: Final[tuple[Attack, ...]] = (*_FILES, *_CODE_FROM_TEXT, *_NAMES, *_MEMORY, *_INTERPRETER)
