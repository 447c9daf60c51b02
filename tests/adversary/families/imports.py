"""Imports: every statement and function that brings in a module, and modules that act as they come."""

from __future__ import annotations

from typing import Final

from tests.adversary.attack import BOTH, Attack, Effect, Family, Layer, reward

_SPELL: Final = "return np.array([float(ord(letter)) for letter in found[:8]]), {'x': x}"


def _attack(
    name: str, effect: Effect, *lines: str, top: tuple[str, ...] = (), layers: frozenset[Layer] = BOTH
) -> Attack:
    return Attack(name, Family.IMPORTS, reward(*lines, top=top), effect, layers)


_STATEMENTS: Final = (
    _attack("a module by its name", Effect.FILES, "import os", "os.mkdir('$FOLDER/made')"),
    _attack("a function of a module", Effect.PROCESS, "from os import system", "system('sleep 5 &')"),
    _attack("everything in a module", Effect.FILES, "mkdir('$FOLDER/made')", top=("from os import *",)),
    _attack("a module under a trusted name", Effect.FILES, "math.mkdir('$FOLDER/made')", top=("import os as math",)),
    _attack(
        "a module under the module it belongs to",
        Effect.FILES,
        "numpy.ctypeslib._ctypeslib.os.mkdir('$FOLDER/made')",
        top=("import numpy.ctypeslib",),
    ),
    _attack(
        "a module from a package that the code says it belongs to",
        Effect.FILES,
        "os.mkdir('$FOLDER/made')",
        top=("__name__ = __package__ = 'numpy'", "from .lib._npyio_impl import os"),
    ),
    _attack("the caller's own main module", Effect.LEAK, "import __main__", "found = __main__.API_KEY", _SPELL),
    _attack(
        "an import in the default of a parameter",
        Effect.FILES,
        "return x, {'x': x}",
        top=("def helper(made=__import__('os').mkdir('$FOLDER/made')): return made",),
    ),
    _attack(
        "an import in what a type hint stands behind",
        Effect.FILES,
        "{}[__import__('os').mkdir('$FOLDER/made')]: int",
    ),
    _attack(
        "a type hint as text, evaluated by typing",
        Effect.FILES,
        "typing.get_type_hints(helper)",
        top=("import typing", "def helper(a: \"open('$FOLDER/made', 'w').close()\"): return a"),
    ),
)

_FUNCTIONS: Final = (
    _attack(
        "a module whose name is put together",
        Effect.FILES,
        "import importlib",
        "importlib.import_module('o' + 's').mkdir('$FOLDER/made')",
    ),
    _attack("a path that is added to", Effect.FILES, "import sys", "sys.path.insert(0, '$FOLDER')", "import evil"),
    _attack("a file run as a program", Effect.FILES, "import runpy", "runpy.run_path('$FOLDER/evil.py')"),
    _attack(
        "a name resolved by pkgutil", Effect.FILES, "import pkgutil", "pkgutil.resolve_name('os:mkdir')('$FOLDER/made')"
    ),
    _attack(
        "a specification made from a file",
        Effect.FILES,
        "import importlib.util",
        "found = importlib.util.spec_from_file_location('evil', '$FOLDER/evil.py')",
        "found.loader.exec_module(importlib.util.module_from_spec(found))",
    ),
    _attack(
        "a finder in front of all others",
        Effect.CALLER,
        "import sys",
        "class Finds:",
        "    def find_spec(self, name, path=None, target=None): return None",
        "sys.meta_path.insert(0, Finds())",
    ),
    _attack(
        "a module put in the place of another",
        Effect.CALLER,
        "import sys",
        "sys.modules['json'] = np",
    ),
    _attack("a module loaded anew over itself", Effect.CALLER, "import importlib, json", "importlib.reload(json)"),
    _attack(
        "a path that leads into an archive",
        Effect.FILES,
        "import base64, sys, tempfile, zipfile",
        "with zipfile.ZipFile('$FOLDER/private/inside.zip', 'w') as archive:",
        "    archive.write('$FOLDER/evil.py', 'hidden_in_archive.py')",
        "sys.path.append('$FOLDER/private/inside.zip')",
        "import hidden_in_archive",
    ),
    _attack(
        "byte code without a source",
        Effect.FILES,
        "import marshal",
        "code = compile(\"open('$FOLDER/made', 'w').close()\", 'x', 'exec')",
        "from importlib.machinery import SourcelessFileLoader",
        "class Feeds(SourcelessFileLoader):",
        "    def get_code(self, name): return marshal.loads(marshal.dumps(code))",
        "Feeds('fed', 'fed.pyc').load_module()",
    ),
)

_MODULES_WITH_REACH: Final = (
    _attack(
        "a database that is a file",
        Effect.FILES,
        "import sqlite3",
        "sqlite3.connect('$FOLDER/made').execute('create table t (x)')",
    ),
    _attack(
        "a logger that writes to a file",
        Effect.FILES,
        "import logging.config",
        "handler = {'class': 'logging.FileHandler', 'filename': '$FOLDER/made'}",
        "logging.config.dictConfig({'version': 1, 'handlers': {'file': handler}})",
    ),
    _attack(
        "the sandbox's own vocabulary",
        Effect.CALLER,
        "import sandbox.vocabulary",
        "sandbox.vocabulary.PATHS = sandbox.vocabulary.PATHS | {'np.load'}",
    ),
    _attack(
        "a request over HTTP",
        Effect.NETWORK,
        "from urllib.request import urlopen",
        "urlopen('http://127.0.0.1:$PORT/', timeout=0.2)",
    ),
)

ATTACKS: Final[tuple[Attack, ...]] = (*_STATEMENTS, *_FUNCTIONS, *_MODULES_WITH_REACH)
