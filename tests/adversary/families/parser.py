"""Parser tricks: code that does not look like what it is, and code that is costly to parse or to compile."""

from __future__ import annotations

from typing import Final

from tests.adversary.attack import BOTH, PROCESS_ALONE, Attack, Effect, Family, Layer, reward

_MAKE: Final = "open('$FOLDER/made', 'w').close()"


def _attack(
    name: str, effect: Effect, *lines: str, top: tuple[str, ...] = (), layers: frozenset[Layer] = BOTH
) -> Attack:
    return Attack(name, Family.PARSER, reward(*lines, top=top), effect, layers)


_DISGUISED: Final = (
    _attack("a name in fullwidth letters", Effect.FILES, "\uff4f\uff50\uff45\uff4e('$FOLDER/made', 'w').close()"),
    _attack("an attribute with a ligature", Effect.FILES, "x.to\ufb01le('$FOLDER/made')"),
    _attack(
        "underscores that are other characters",
        Effect.FILES,
        "(lambda: 0)._\uff3fbuiltins\ufe4d\ufe33['open']('$FOLDER/made', 'w').close()",
    ),
    _attack(
        "a text in escapes, evaluated",
        Effect.FILES,
        'eval(\'\\x6f\\160\\u0065\\N{LATIN SMALL LETTER N}("$FOLDER/made", "w").close()\')',
    ),
    _attack(
        "bytes in an encoding that hides a line in a comment",
        Effect.FILES,
        f'exec(b"# coding: unicode_escape\\n# nothing \\\\u000a{_MAKE}")',
    ),
    _attack(
        "bytes in an encoding of the code's own making",
        Effect.FILES,
        "import codecs",
        "def decode(raw, errors='strict'):",
        f'    return "{_MAKE}", len(raw)',
        "def find(name):",
        "    found = codecs.lookup('utf-8')",
        "    own = codecs.CodecInfo(found.encode, decode, None, codecs.BufferedIncrementalDecoder, name=name)",
        "    return own if name == 'mine' else None",
        "codecs.register(find)",
        "exec(b'irrelevant'.decode('mine'))",
    ),
    _attack("a comment that a lone carriage return ends", Effect.FILES, f"# nothing to see here\r    {_MAKE}"),
    _attack(
        "a form feed that undoes an indentation",
        Effect.FILES,
        top=("if 0:", "    pass", f"    \f{_MAKE}"),
    ),
    _attack(
        "a comment whose order on the screen is not its order",
        Effect.FILES,
        f"'''\u202e \u2066 stays in the text \u2069'''; {_MAKE} # \u2066'''\u202c",
    ),
    _attack("a statement beyond the right edge", Effect.FILES, f"pass;{' ' * 4000}{_MAKE}"),
)

_SYNTAX: Final = (
    _attack(
        "an attribute taken by a pattern",
        Effect.FILES,
        "match np:",
        "    case object(save=write):",
        "        write('$FOLDER/made', x)",
    ),
    _attack("an attribute that a loop assigns to", Effect.CALLER, "for np.mean in [0]: pass"),
    _attack("an attribute that a comprehension assigns to", Effect.CALLER, "[0 for math.pi in [3.0]]"),
    _attack(
        "an attribute that a context manager is bound to",
        Effect.CALLER,
        "with np.errstate() as np.errstate: pass",
    ),
    _attack("an attribute among the targets of an unpacking", Effect.CALLER, "first, *np.ones = x"),
    _attack("an attribute that is deleted", Effect.CALLER, "del math.pi"),
    _attack(
        "decorators for calls",
        Effect.FILES,
        "@eval",
        f'@(lambda helper: "{_MAKE}")',
        "def helper(): pass",
    ),
)


def _finally_in_finally(name: str, depth: int) -> tuple[str, ...]:
    lines = [f"def {name}():"]
    for level in range(1, depth + 1):
        lines += [f"{' ' * level}try:", f"{' ' * level} pass", f"{' ' * level}finally:"]
    return *lines, " " * (depth + 1) + "pass"


_LONG: Final = "'a'*4096"
_COSTLY: Final = (
    _attack(
        "finally in finally, which the compiler copies twice each",
        Effect.TIME,
        top=tuple(line for number in range(24) for line in _finally_in_finally(f"helper{number}", 15)),
    ),
    _attack(
        "sums of text that the compiler carries out, keeping every part",
        Effect.MEMORY,
        top=(f"texts = ({','.join(['+'.join([_LONG] * 100)] * 24)})",),
    ),
    _attack(
        "sums of text within every bound of the syntax",
        Effect.MEMORY,
        top=("texts = (", *([f" {'+'.join([_LONG] * 95)},"] * 19), ")"),
        layers=PROCESS_ALONE,
    ),
    _attack("statements without end", Effect.MEMORY, "compile('a=1\\n' * 10**6, 'x', 'exec')"),
    _attack("an f-string with fields without end", Effect.TIME, "eval('f\"' + '{1}' * 10**5 + '\"')"),
    _attack(
        "a module name of which the parser keeps every beginning",
        Effect.MEMORY,
        "exec('import a' + '.a' * 30000)",
    ),
)

ATTACKS: Final[tuple[Attack, ...]] = (*_DISGUISED, *_SYNTAX, *_COSTLY)
