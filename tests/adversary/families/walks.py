"""Walks over the graph of objects: from a value that a reward has to a module, the builtins or a secret that it was never given."""

from __future__ import annotations

from typing import Final

from tests.adversary.attack import BOTH, Attack, Effect, Family, Layer, reward

_SPELL: Final = "return np.array([float(ord(letter)) for letter in found[:8]]), {'x': x}"
_CLASS: Final = "def named(name):", "    return [one for one in object.__subclasses__() if one.__name__ == name][0]"


def _attack(
    name: str, effect: Effect, *lines: str, top: tuple[str, ...] = (), layers: frozenset[Layer] = BOTH
) -> Attack:
    return Attack(name, Family.WALKS, reward(*lines, top=top), effect, layers)


_CLASSES: Final = (
    _attack(
        "from a tuple to the globals of os",
        Effect.FILES,
        "classes = ().__class__.__base__.__subclasses__()",
        "wrapper = [one for one in classes if one.__name__ == '_wrap_close'][0]",
        "wrapper.__init__.__globals__['mkdir']('$FOLDER/made')",
    ),
    _attack(
        "the environment that a class of os knows",
        Effect.LEAK,
        "loops = type(x).mro()[-1].__subclasses__()",
        "functions = [vars(one).get('close') for one in loops if one.__name__ == '_wrap_close']",
        "found = functions[0].__globals__['environ']['REWARDSMITH_SECRET']",
        _SPELL,
    ),
    _attack(
        "the module that an instance of a warnings class holds",
        Effect.FILES,
        "sys = named('catch_warnings')()._module.sys",
        "sys.modules['os'].mkdir('$FOLDER/made')",
        top=_CLASS,
    ),
    _attack(
        "the importer of builtin modules",
        Effect.FILES,
        "named('BuiltinImporter').load_module('posix').mkdir('$FOLDER/made')",
        top=_CLASS,
    ),
    _attack(
        "a loader of the import system that reads any file",
        Effect.LEAK,
        "found = named('FileLoader')('x', 'x').get_data('$FOLDER/secret').decode()",
        _SPELL,
        top=_CLASS,
    ),
    _attack(
        "a process opener found among the classes",
        Effect.PROCESS,
        "np.f2py",
        "named('Popen')(['/bin/sleep', '5'])",
        top=_CLASS,
    ),
)

_FUNCTIONS: Final = (
    _attack(
        "the globals of a function of NumPy",
        Effect.FILES,
        "outside = np.average.__wrapped__.__globals__['__builtins__']",
        "outside['open']('$FOLDER/made', 'w').close()",
    ),
    _attack(
        "the builtins that a lambda carries",
        Effect.FILES,
        "(lambda: 0).__builtins__['open']('$FOLDER/made', 'w').close()",
    ),
    _attack(
        "the module that a builtin function is bound to",
        Effect.FILES,
        "len.__self__.open('$FOLDER/made', 'w').close()",
    ),
    _attack(
        "the function that copies a text",
        Effect.FILES,
        "copier = 'a'.__reduce_ex__(2)[0]",
        "copier.__globals__['__builtins__']['__import__']('os').mkdir('$FOLDER/made')",
    ),
    _attack(
        "a code object whose names are exchanged",
        Effect.FILES,
        "def innocent(text): return sum(text)",
        "innocent.__code__ = innocent.__code__.replace(co_names=('eval',))",
        "innocent(\"open('$FOLDER/made', 'w').close()\")",
    ),
    _attack(
        "a code object that reads beyond its constants",
        Effect.CALLER,
        "def empty(): return 1.5",
        "raw = bytes([151, 0, 144, 255, 144, 255, 100, 255, 1, 0, 83, 0])",
        "empty.__code__ = empty.__code__.replace(co_code=raw, co_consts=())",
        "empty()",
    ),
    _attack(
        "a function built anew over other globals",
        Effect.FILES,
        "code = (lambda: open('$FOLDER/made', 'w').close()).__code__",
        "(lambda: 0).__class__(code, {'__builtins__': sum.__self__.__dict__})()",
    ),
    _attack(
        "the method of a class, back to its function",
        Effect.LEAK,
        "import json",
        "found = json.JSONDecoder().decode.__func__.__globals__['re'].enum.sys.modules['__main__'].API_KEY",
        _SPELL,
    ),
)

_SPECIAL_METHODS: Final = (
    _attack(
        "an attribute by the slot of its type",
        Effect.FILES,
        "type(np).__getattribute__(np, 'sa' + 've')('$FOLDER/made.npy', x)",
    ),
    _attack(
        "the loader in the specification of a module",
        Effect.LEAK,
        "found = np.__spec__.loader.get_data('$FOLDER/secret').decode()",
        _SPELL,
    ),
    _attack(
        "a module made by the class of NumPy's loader",
        Effect.FILES,
        "np.__loader__.__class__('evil', '$FOLDER/evil.py').load_module()",
    ),
    _attack(
        "a subscript that is exec",
        Effect.FILES,
        "class Runs:",
        "    __class_getitem__ = exec",
        "Runs[\"open('$FOLDER/made', 'w').close()\"]",
    ),
    _attack(
        "an operator that is a method of os",
        Effect.FILES,
        "import os",
        "class Makes:",
        "    def __matmul__(self, path): return os.mkdir(path)",
        "Makes() @ '$FOLDER/made'",
    ),
    _attack(
        "a hook that runs while a class is derived",
        Effect.FILES,
        "class Base:",
        "    def __init_subclass__(cls): open('$FOLDER/made', 'w').close()",
        "class Derived(Base): pass",
    ),
    _attack(
        "a metaclass that is asked whether something is an instance",
        Effect.FILES,
        "class Meta(type):",
        "    def __instancecheck__(cls, value): return open('$FOLDER/made', 'w').close() is None",
        "isinstance(x, Meta('Asked', (), {}))",
    ),
    _attack(
        "a descriptor with a function behind an attribute",
        Effect.FILES,
        "class Looks:",
        "    T = property(lambda self: open('$FOLDER/made', 'w').close())",
        "Looks().T",
    ),
    _attack(
        "a finaliser that runs when nobody looks",
        Effect.FILES,
        "class Leaves:",
        "    def __del__(self, opened=open): opened('$FOLDER/made', 'w').close()",
        "kept = Leaves()",
        "kept.itself = None",
    ),
    _attack(
        "an answer that runs code as it is converted",
        Effect.FILES,
        "class Number:",
        "    def __float__(self): open('$FOLDER/made', 'w').close(); return 1.0",
        "return Number(), {'x': x}",
    ),
    _attack(
        "components whose listing runs code",
        Effect.FILES,
        "class Components(dict):",
        "    def keys(self): open('$FOLDER/made', 'w').close(); return ['x']",
        "    __iter__ = None",
        "return x, Components(x=x)",
    ),
)

ATTACKS: Final[tuple[Attack, ...]] = (*_CLASSES, *_FUNCTIONS, *_SPECIAL_METHODS)
