"""Frames and tracebacks: from a call back to whoever made it, and hooks that go on listening there."""

from __future__ import annotations

from typing import Final

from tests.adversary.attack import BOTH, Attack, Effect, Family, Layer, reward

_SPELL: Final = "return np.array([float(ord(letter)) for letter in found[:8]]), {'x': x}"
_BACK: Final = (
    "def back(frame):",
    "    while 'api_key' not in frame.f_locals:",
    "        frame = frame.f_back",
    "    return frame.f_locals['api_key']",
)


def _attack(
    name: str, effect: Effect, *lines: str, top: tuple[str, ...] = _BACK, layers: frozenset[Layer] = BOTH
) -> Attack:
    return Attack(name, Family.FRAMES, reward(*lines, top=top), effect, layers)


_LOOKING_BACK: Final = (
    _attack(
        "the frame in the traceback of an exception",
        Effect.LEAK,
        "try:",
        "    1 / 0",
        "except ZeroDivisionError as error:",
        "    found = back(error.__traceback__.tb_frame)",
        _SPELL,
    ),
    _attack(
        "the text of an exception carries a local of the caller",
        Effect.LEAK,
        "import sys",
        "raise ValueError(sys._getframe(1).f_locals['api_key'])",
    ),
    _attack(
        "the frame of a generator that is running",
        Effect.LEAK,
        "def look():",
        "    yield back(itself.gi_frame.f_back)",
        "itself = look()",
        "found = next(itself)",
        _SPELL,
    ),
    _attack(
        "the frame of a generator expression, seen from its own condition",
        Effect.LEAK,
        "items = (i for i in [0] if kept.append(kept[0].gi_frame.f_back) is None)",
        "kept = [items]",
        "list(items)",
        "found = back(kept[1])",
        _SPELL,
    ),
    _attack(
        "the frame of a coroutine",
        Effect.LEAK,
        "async def look():",
        "    found.append(back(itself.cr_frame.f_back))",
        "found, itself = [], look()",
        "try:",
        "    itself.send(None)",
        "except StopIteration:",
        "    found = found[0]",
        _SPELL,
    ),
    _attack(
        "the frame of an asynchronous generator",
        Effect.LEAK,
        "async def look():",
        "    found.append(back(itself.ag_frame.f_back))",
        "    yield",
        "found, itself = [], look()",
        "try:",
        "    itself.asend(None).send(None)",
        "except StopIteration:",
        "    found = found[0]",
        _SPELL,
    ),
    _attack(
        "the exception that is being handled, asked of sys",
        Effect.LEAK,
        "import sys",
        "try:",
        "    x.nothing",
        "except AttributeError:",
        "    found = back(sys.exc_info()[2].tb_frame)",
        _SPELL,
    ),
    _attack(
        "the context of an exception that replaced it",
        Effect.LEAK,
        "try:",
        "    try:",
        "        [][0]",
        "    finally:",
        "        {}[0]",
        "except KeyError as error:",
        "    found = back(error.__context__.__traceback__.tb_frame)",
        _SPELL,
    ),
    _attack(
        "what a context manager is told at its end",
        Effect.LEAK,
        "class Ends:",
        "    def __enter__(self): return self",
        "    def __exit__(self, kind, error, trace):",
        "        self.found = back(trace.tb_frame)",
        "        return True",
        "with Ends() as ends:",
        "    1 / 0",
        "found = ends.found",
        _SPELL,
    ),
    _attack(
        "the members of a group of exceptions",
        Effect.LEAK,
        "try:",
        "    try:",
        "        1 / 0",
        "    except ZeroDivisionError as error:",
        "        raise ExceptionGroup('', [error])",
        "except* ZeroDivisionError as group:",
        "    found = back(group.exceptions[0].__traceback__.tb_frame)",
        _SPELL,
    ),
    _attack(
        "the builtins of a frame",
        Effect.FILES,
        "try:",
        "    assert False",
        "except AssertionError as error:",
        "    error.__traceback__.tb_frame.f_builtins['open']('$FOLDER/made', 'w').close()",
    ),
    _attack(
        "the modules that the caller's frame knows",
        Effect.LEAK,
        "import sys",
        "found = sys._getframe(1).f_globals['os'].environ['REWARDSMITH_SECRET']",
        _SPELL,
    ),
)

_INSPECTORS: Final = (
    _attack(
        "the stack as inspect tells it",
        Effect.LEAK,
        "import inspect",
        "found = [one.frame.f_locals['api_key'] for one in inspect.stack() if 'api_key' in one.frame.f_locals][0]",
        _SPELL,
    ),
    _attack(
        "the frames of every thread",
        Effect.LEAK,
        "import sys",
        "found = back(list(sys._current_frames().values())[0])",
        _SPELL,
    ),
    _attack(
        "a summary of the stack with its locals as text",
        Effect.LEAK,
        "import traceback",
        "frames = traceback.StackSummary.extract(traceback.walk_stack(None), capture_locals=True)",
        "found = [one.locals['api_key'] for one in frames if 'api_key' in (one.locals or {})][0].strip('\\'')",
        _SPELL,
    ),
    _attack(
        "every object that the garbage collector knows",
        Effect.LEAK,
        "import gc",
        "found = [one['API_KEY'] for one in gc.get_objects() if type(one) is dict and 'API_KEY' in one][0]",
        _SPELL,
    ),
    _attack(
        "whatever refers to a module that the code has",
        Effect.LEAK,
        "import gc",
        "namespaces = [one for one in gc.get_referrers(math) if type(one) is dict and 'os' in one]",
        "found = namespaces[0]['os'].environ['REWARDSMITH_SECRET']",
        _SPELL,
    ),
)

_HOOKS: Final = (
    _attack(
        "a trace that stays with the caller",
        Effect.CALLER,
        "import sys",
        "sys.settrace(lambda frame, event, value: None)",
    ),
    _attack(
        "a profiler that notes what the caller calls next",
        Effect.FILES,
        "import sys",
        "def note(frame, event, value):",
        "    if 'api_key' in frame.f_locals:",
        "        sys.setprofile(None)",
        "        with open('$FOLDER/noted', 'w') as file: file.write(frame.f_locals['api_key'])",
        "sys.setprofile(note)",
    ),
    _attack(
        "an audit hook, which nobody can remove",
        Effect.FILES,
        "import os, sys",
        "heard = []",
        "def hear(event, arguments):",
        "    if event == 'os.listdir' and not heard:",
        "        heard.append(event)",
        "        os.mkdir('$FOLDER/heard')",
        "sys.addaudithook(hear)",
    ),
    _attack(
        "a hook for exceptions that nobody catches",
        Effect.CALLER,
        "import sys",
        "sys.excepthook = lambda kind, error, trace: None",
    ),
    _attack(
        "a hook that hears of what a finaliser raises",
        Effect.LEAK,
        "import sys",
        "class Fails:",
        "    def __del__(self): raise ValueError",
        "found = []",
        "sys.unraisablehook = lambda told: found.append(back(told.exc_traceback.tb_frame.f_back))",
        "Fails()",
        "sys.unraisablehook = sys.__unraisablehook__",
        "found = found[0]",
        _SPELL,
    ),
    _attack(
        "an exception that reads its reader's frame when asked for its text",
        Effect.LEAK,
        "import sys",
        "class Reads(Exception):",
        "    def __str__(self): return sys._getframe(2).f_locals['request'].secret",
        "raise Reads",
    ),
)

ATTACKS: Final[tuple[Attack, ...]] = (*_LOOKING_BACK, *_INSPECTORS, *_HOOKS)
