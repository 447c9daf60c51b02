"""String formatting: field names that walk over attributes, and objects that are asked for their text."""

from __future__ import annotations

from typing import Final

from tests.adversary.attack import BOTH, Attack, Effect, Family, Layer, reward

_SPELL: Final = "return np.array([float(ord(letter)) for letter in found[:8]]), {'x': x}"
_OS: Final = "ctypeslib._ctypeslib.os"
_ENVIRON: Final = f"{_OS}.environ[REWARDSMITH_SECRET]"
_MAIN: Final = f"{_OS}.sys.modules[__main__].API_KEY"


def _attack(
    name: str, effect: Effect, *lines: str, top: tuple[str, ...] = (), layers: frozenset[Layer] = BOTH
) -> Attack:
    return Attack(name, Family.FORMATTING, reward(*lines, top=top), effect, layers)


_FIELDS: Final = (
    _attack("a field that walks to the environment", Effect.LEAK, f"found = '{{0.{_ENVIRON}}}'.format(np)", _SPELL),
    _attack(
        "a mapping of fields that walks to the main module",
        Effect.LEAK,
        f"found = '{{np.{_MAIN}}}'.format_map({{'np': np}})",
        "return x, {found: x}",
    ),
    _attack(
        "a field within the specification of another",
        Effect.LEAK,
        f"raise ValueError('{{0:{{1.{_ENVIRON}}}>40}}'.format(1, np))",
    ),
    _attack(
        "the unbound method, handed on without a call",
        Effect.LEAK,
        f"found = list(map(str.format, ['{{.{_ENVIRON}}}'], [np]))[0]",
        _SPELL,
    ),
    _attack(
        "the formatter of the standard library",
        Effect.LEAK,
        "import string",
        f"found = string.Formatter().vformat('{{module.{_MAIN}}}', (), {{'module': np}})",
        _SPELL,
    ),
    _attack(
        "a field that comes back as the object itself",
        Effect.FILES,
        "import string",
        f"make = string.Formatter().get_field('0.{_OS}.mkdir', (np,), {{}})[0]",
        "make('$FOLDER/made')",
    ),
    _attack(
        "a path of attributes as text",
        Effect.FILES,
        "import operator",
        f"operator.attrgetter('{_OS}.mkdir')(np)('$FOLDER/made')",
    ),
    _attack(
        "a template over the environment",
        Effect.LEAK,
        "import os, string",
        "found = string.Template('$$REWARDSMITH_SECRET').substitute(os.environ)",
        _SPELL,
    ),
    _attack(
        "the format of a log record",
        Effect.LEAK,
        "import logging",
        f"style = logging.Formatter('{{module.{_ENVIRON}}}', style='{{', validate=False)",
        "found = style.format(logging.makeLogRecord({'module': np}))",
        _SPELL,
    ),
)

_HOOKS: Final = (
    _attack(
        "a percent format over a mapping that evaluates its keys",
        Effect.FILES,
        "class Evaluates:",
        "    def __getitem__(self, key): return eval(key)",
        '\'%(open("$FOLDER/made", "w").close())s\' % Evaluates()',
    ),
    _attack(
        "a value whose format specification is code",
        Effect.FILES,
        "class Runs:",
        "    def __format__(self, code): return str(eval(code))",
        'f\'{Runs():open("$FOLDER/made", "w").close()}\'',
    ),
    _attack(
        "a value whose representation is asked for by a conversion",
        Effect.FILES,
        "class Shows:",
        "    def __repr__(self): return open('$FOLDER/made', 'w').name",
        "f'{Shows()!a}'",
    ),
    _attack(
        "an expression in an f-string",
        Effect.FILES,
        'f\'{open("$FOLDER/made", "w").close()}\'',
    ),
    _attack(
        "an expression in an f-string in the specification of another",
        Effect.FILES,
        "f'{1:{f\"{open(path, mode).close()}\"}}'",
        top=("path, mode = '$FOLDER/made', 'w'",),
    ),
    _attack(
        "a formatter of elements that evaluates them",
        Effect.FILES,
        "code = np.array([\"open('$FOLDER/made', 'w').close()\"])",
        "np.array2string(code, formatter={'all': eval})",
    ),
    _attack(
        "an exception that acts when its text is read",
        Effect.FILES,
        "class Acts(Exception):",
        "    def __str__(self): return open('$FOLDER/made', 'w').name",
        "raise Acts",
    ),
)

ATTACKS: Final[tuple[Attack, ...]] = (*_FIELDS, *_HOOKS)
