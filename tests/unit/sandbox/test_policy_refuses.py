"""What the syntax layer refuses, with the code of the refusal and the place it names."""

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox import RewardRejected, check_metric, check_reward, check_step_expression
from tests.pace import within_sums

KNOWN = {"speed": 0, "height": 0, "torso_height": 0, "action": 3}


def body(*lines: str) -> str:
    inner = "".join(f"    {line}\n" for line in lines)
    return f"def compute_reward(speed):\n{inner}    return speed, {{'s': speed}}\n"


def top(*lines: str) -> str:
    return "\n".join(lines) + "\n" + body()


ATTACKS = {
    "the class of a value": (body("speed.__class__"), "attribute.private"),
    "subclasses of object": (body("x = ().__class__.__bases__[0].__subclasses__()"), "attribute.private"),
    "globals of a function": (body("x = compute_reward.__globals__"), "attribute.private"),
    "builtins by name": (body("x = __builtins__"), "name.private"),
    "import by name": (body("__import__('os').system('true')"), "name.private"),
    "a private attribute": (body("x = speed._data"), "attribute.private"),
    "frame of a generator": (body("g = (i for i in [1])", "x = g.gi_frame"), "attribute"),
    "code of a function": (body("x = (lambda: 1).func_code"), "attribute"),
    "text formatting": (body("x = '{0.__class__}'.format(speed)"), "attribute"),
    "text formatting by map": (body("x = '{a}'.format_map({})"), "attribute"),
    "an f-string with an attribute": (body("x = f'{speed.__class__}'"), "attribute.private"),
    "import os": (top("import os"), "import"),
    "import of a submodule": (top("import numpy.ctypeslib"), "import"),
    "import from os": (top("from os import system"), "import"),
    "import from numpy of a file function": (top("from numpy import load"), "import"),
    "import everything": (top("from numpy import *"), "import"),
    "a relative import": (top("from . import secrets"), "import"),
    "import inside a function": (body("import subprocess"), "import"),
    "numpy's file reading": (body("x = np.fromfile('/etc/passwd')"), "path.unknown"),
    "numpy's load": (body("x = np.load('x.npy', allow_pickle=True)"), "path.refused"),
    "numpy's file writing": (body("speed.tofile('/tmp/x')"), "attribute"),
    "numpy's dump": (body("speed.dump('/tmp/x')"), "attribute"),
    "raw memory by ctypes": (body("x = speed.ctypes.data"), "attribute"),
    "raw memory by strides": (body("x = np.lib.stride_tricks.as_strided(speed, (9999,))"), "path.unknown"),
    "raw memory by buffer": (body("x = np.ndarray((3,), buffer=speed)"), "path.refused"),
    "memory map": (body("x = np.memmap('/etc/passwd')"), "path.unknown"),
    "the core of numpy": (body("x = np._core.multiarray"), "path.unknown"),
    "sys through numpy": (body("x = np.f2py.os.system('true')"), "path.unknown"),
    "randomness": (body("x = np.random.normal(size=3)"), "path.refused"),
    "numpy itself": (body("x = np"), "path.module"),
    "numpy in a list": (body("x = [np][0].load"), "path.module"),
    "numpy as an argument": (body("f = lambda m: m", "f(np)"), "path.module"),
    "rebinding numpy": (body("np = speed"), "name.taken"),
    "a parameter called np": (body("f = lambda np: np"), "name.taken"),
    "assigning to a function of numpy": (body("np.exp = speed"), "path.unknown"),
    "assigning to an attribute": (body("speed.shape = (1, 2)"), "attribute.assigned"),
    "eval": (body("eval('1')"), "name.refused"),
    "exec": (body("exec('1')"), "name.refused"),
    "compile": (body("compile('1', '', 'eval')"), "name.refused"),
    "open": (body("open('/etc/passwd')"), "name.refused"),
    "getattr": (body("getattr(speed, 'x')"), "name.refused"),
    "type": (body("type(speed)"), "name.refused"),
    "globals": (body("globals()"), "name.refused"),
    "vars": (body("vars()"), "name.refused"),
    "breakpoint": (body("breakpoint()"), "name.refused"),
    "memoryview": (body("memoryview(speed)"), "name.refused"),
    "a class": (top("class A: pass"), "statement"),
    "a decorator": (top("@len", "def f(): pass"), "function.decorator"),
    "try": (body("try:", "    pass", "except Exception as e:", "    pass"), "statement"),
    "raise": (body("raise SystemExit"), "statement"),
    "while": (body("while True: pass"), "statement"),
    "with open": (body("with open('x') as f: pass"), "statement"),
    "a file-like thing that hears of errors": (body("with np.errstate(all='log', call=speed): pass"), "statement"),
    "errors printed into the answer": (body("with np.errstate(all='print'): pass"), "statement"),
    "a callback for errors": (body("f = np.errstate(all='call', call=len)"), "statement"),
    "errstate under another name": (top("from numpy import errstate as e", "f = e(call=len)"), "statement"),
    "what lay in memory, by clip": (body("x = speed.clip(0, 1, where=speed > 0)"), "attribute"),
    "what lay in memory, by clip and a dictionary": (body("x = speed.clip(0, 1, **{})"), "attribute"),
    "clip under another name": (body("f = speed.clip"), "attribute"),
    "global": (body("global speed_sum"), "statement"),
    "yield": (body("yield speed"), "expression"),
    "match": (body("match speed:", "    case 1: pass"), "statement"),
    "async": ("async def compute_reward(speed):\n    return speed, {'s': speed}\n", "function.missing"),
    "bytes": (body("x = b'x'"), "constant"),
    "loops within loops": (
        body("x = [0 for a in range(9) for b in range(9) for c in range(9) for d in range(9) for e in range(9)]"),
        "loop.depth",
    ),
    "an undefined name": (body("x = sped"), "name.unknown"),
    "a variable not asked for": (body("x = torso_height"), "name.not_requested"),
    "a type as a value": (top("from typing import Dict") + "y = [Dict]\n", "name.type"),
    "an unknown parameter": ("def compute_reward(torso_heigth):\n    return 1.0, {'a': 1.0}", "parameter.unknown"),
    "a default value": ("def compute_reward(speed=1):\n    return speed, {'s': speed}", "function.signature"),
    "star arguments": ("def compute_reward(*speed):\n    return speed, {'s': speed}", "function.signature"),
    "keyword only": ("def compute_reward(*, speed):\n    return speed, {'s': speed}", "function.signature"),
    "two definitions": (body() + body(), "function.twice"),
    "another name": ("def reward(speed):\n    return speed, {'s': speed}", "function.missing"),
    "no return": ("def compute_reward(speed):\n    x = speed", "return"),
    "three results": ("def compute_reward(speed):\n    return speed, {}, {}", "return"),
    "no components": ("def compute_reward(speed):\n    return speed, {}", "return"),
    "seventeen components": (
        "def compute_reward(speed):\n    return speed, {" + ",".join(f"'c{i}': speed" for i in range(17)) + "}",
        "return",
    ),
    "prose around the code": ("Here is your reward:\n" + body(), "syntax"),
    "a null byte": ("x = 1\0", "syntax"),
    "too long": ("#" * 20_001, "size"),
    "too many parts": ("x = [" + "0," * 9_990 + "]", "function.missing"),
    "deep brackets": ("x = " + "(" * 5000 + ")" * 5000, "syntax"),
    "deep signs": ("x = " + "-" * 19_000 + "1", "depth"),
    "deep attributes": ("x = a" + ".a" * 9_000, "depth"),
    "deep calls": ("x = a" + "()" * 9_000, "depth"),
    "deep lambdas": ("x = " + "lambda:" * 2_500 + "1", "depth"),
    "deep comparisons of not": ("x = " + "not " * 4_900 + "1", "depth"),
    "deep powers": ("x = " + "2**" * 6_000 + "2", "depth"),
    "deep indentation": ("".join(" " * i + "if 1:\n" for i in range(101)) + " " * 101 + "pass", "syntax"),
    "an enormous integer": ("x = " + "9" * 10_000, "syntax"),
    "an enormous hexadecimal integer": (body("x = 0x" + "f" * 10_000), "constant"),
    # The sandbox drops hints, but whoever imports the exported text evaluates them.
    "a call in a parameter's hint": ("def compute_reward(speed: print()):\n    return speed, {'s': speed}", "hint"),
    "a call in a hint of the result": ("def compute_reward(speed) -> print():\n    return speed, {'s': speed}", "hint"),
    "a call in a helper's hint": (top("def f(*a: [print()][0], **k: {print()}): return 1"), "hint"),
    "a call in a hint of a value": (top("x: print() = 1"), "hint"),
    "a call in a hint without a value": (top("x: print()"), "hint"),
    "a call in what a hint stands behind": (top("x = [1]", "x[print()]: int"), "hint"),
    "a call in an alias of a type": (top("import numpy as np", "X = np.ndarray[print()]"), "hint"),
    "a call beside an alias of a type": (top("import numpy as np", "X: int = np.ndarray | print()"), "hint"),
    "a lambda in a hint": (top("def f(x: (lambda: 1)): return x"), "hint"),
    "a private attribute in a hint": (top("def f(x: int.__class__): return x"), "hint"),
    "a name declared and never bound": (body("bonus: float", "x = bonus"), "name.unknown"),
    "a type called before it is named": (
        top("from typing import get_type_hints", "def f(x): return g(x)", "g = get_type_hints"),
        "name.type",
    ),
    # The sandbox has no such builtin, whoever imports the exported text has.
    "a refused builtin bound by a loop": (top("for exec in []: pass") + "x = lambda: exec('1')\n", "name.taken"),
    "a refused builtin as a parameter": (top("def f(open): return open"), "name.taken"),
    "a refused builtin as a declared name": (top("eval: int"), "name.taken"),
    "a refused builtin by import": (top("def f():", "    from math import sqrt as eval"), "import"),
    "one name for two imports": (top("from math import sqrt as f", "from typing import get_type_hints as f"), "import"),
    "np for another module": (top("import typing as np"), "import"),
}


@pytest.mark.parametrize(("source", "code"), ATTACKS.values(), ids=ATTACKS.keys())
def test_an_attack_or_a_mistake_is_refused_with_its_code(source: str, code: str) -> None:
    with pytest.raises(RewardRejected) as caught:
        check_reward(source, KNOWN)

    assert code in [fault.code for fault in caught.value.faults]
    assert all(fault.message for fault in caught.value.faults)


def test_every_refusal_is_reported_at_once_with_its_place() -> None:
    source = "import os\ndef compute_reward(speed):\n    x = open('y')\n    return np.randon(x), {'s': speed}\n"

    with pytest.raises(RewardRejected) as caught:
        check_reward(source, KNOWN)

    places = [(fault.code, fault.line, fault.column) for fault in caught.value.faults]
    assert places == [("import", 1, 1), ("name.refused", 3, 9), ("path.unknown", 4, 12)]


def names(count: int) -> list[str]:
    return [f"{number:05d}".translate(str.maketrans("0123456789", "abcdefghij")) for number in range(count)]


def nested_walruses(depth: int) -> str:
    return "1" if depth == 0 else f"[(a := {nested_walruses(depth - 1)}) for i in speed]"


# Python sorts the marks of a name: in 2 s, and in 17 s where it reads them again and again.
MARKS = "a" + chr(0x301) * 9_000 + chr(0x316) * 9_000
CLASSES = "a" + "".join(chr(mark) * 2_000 for mark in (0x345, 0x35C, 0x315, 0x300, 0x316))
LONG = [f"{'a' * 35}{name}" for name in names(400)]

SLOW = {
    "marks over and under a letter": body(f"{MARKS} = 1"),
    "marks that the parser reads again and again": body(f"y = lambda {CLASSES}=1, ab 1: 1"),
    "slips among long names": body(f"{','.join(LONG)} = 1", *[f"y = {'a' * 34}b{name}" for name in names(40)]),
    "slips among as many names": body(f"{','.join(names(1500))} = 1", f"y = {','.join(f'{n}a' for n in names(1300))}"),
    "slips of paths": body(f"y = {','.join(f'np.{n}' for n in names(2200))}"),
    "unknown parameters": f"def compute_reward({','.join(names(3000))}):\n    return 1.0, {{'a': 1.0}}",
    "imports that are refused": "import a\n" * 1_500 + body(),
    "one very long name": body("x = " + "a" * 19_000),
    "walruses in comprehensions in walruses": body(f"x = {nested_walruses(50)}"),
}


@pytest.mark.parametrize("source", SLOW.values(), ids=SLOW.keys())
def test_a_check_is_quick_and_its_answer_short_whatever_is_checked(source: str) -> None:
    # Each took from 2 seconds to a year where every slip was compared with every name, or every walrus read twice.
    with within_sums(20), pytest.raises(RewardRejected) as caught:
        check_reward(source, KNOWN)

    assert len(caught.value.faults) <= 64
    assert max(len(fault.message) for fault in caught.value.faults) <= 600


COMPILED = {
    "a repeated keyword": "y = np.sum(speed, axis=-1, axis=0)",
    "a repeated key of dict": "y = dict(a=speed, a=speed)",
    "a repeated parameter": "y = lambda a, a: a",
    "a break outside a loop": "break",
    "a star for a name": "*y = speed",
    "a star for a value": "y = *speed",
    "a walrus for the loop's own name": "y = [i := 1 for i in range(3)]",
}


@pytest.mark.parametrize("line", COMPILED.values(), ids=COMPILED.keys())
def test_what_only_the_compiler_refuses_is_refused_with_its_line(line: str) -> None:
    with pytest.raises(RewardRejected) as caught:
        check_reward(body("x = 1", line), KNOWN)

    (fault,) = caught.value.faults
    assert (fault.code, fault.line) == ("syntax", 3)
    assert "this is no Python: " in fault.message


def test_what_only_the_compiler_refuses_is_refused_in_expressions() -> None:
    with pytest.raises(RewardRejected, match="in success: this is no Python: keyword argument repeated: axis"):
        check_metric("1.0", "np.sum(speed, axis=0, axis=0) > 0", KNOWN)
    with pytest.raises(RewardRejected, match="this is no Python: keyword argument repeated: axis"):
        check_step_expression("np.sum(action, axis=-1, axis=-1)", KNOWN)


def test_marks_in_plain_words_are_no_hindrance() -> None:
    # U+1EC7 comes apart into a letter and two marks.
    words = "Ti\u1ebfng Vi\u1ec7t, e\u0301te\u0301"
    assert check_reward(body(f"# {words}", f"x = '{words}'"), KNOWN).parameters == ("speed",)


def test_what_typing_does_not_have_cannot_be_imported() -> None:
    with pytest.raises(RewardRejected, match="typing has no Nonsense"):
        check_reward(top("from typing import Nonsense"), KNOWN)


def test_a_declared_name_must_be_given_a_value_where_it_is_declared() -> None:
    # To Python `k` is local in the function: reading it would fail, whatever is outside.
    with pytest.raises(RewardRejected, match="k is declared and never given a value") as caught:
        check_reward("k = 2.0\n" + body("k: float", "x = k * speed"), KNOWN)
    assert [fault.line for fault in caught.value.faults] == [3]

    assert check_reward("k: float\n" + body("x: float", "x = 2.0 * speed"), KNOWN).parameters == ("speed",)


def test_known_names_are_told_without_those_before_the_step() -> None:
    known = {f"{prefix}v{number:02d}": 0 for number in range(18) for prefix in ("", "prev_")}

    with pytest.raises(RewardRejected) as caught:
        check_reward("def compute_reward(zzz):\n    return zzz, {'z': zzz}\n", known)

    listed = ", ".join(f"v{number:02d}" for number in range(16))
    assert caught.value.faults[0].message.endswith(
        f"known are: {listed} and 2 more; prev_ before a name is its value before the step"
    )


def test_an_unknown_parameter_is_answered_with_the_nearest_known() -> None:
    with pytest.raises(RewardRejected) as caught:
        check_reward("def compute_reward(torso_heigth):\n    return torso_heigth, {'a': torso_heigth}", KNOWN)

    (fault,) = caught.value.faults
    assert fault.code == "parameter.unknown"
    assert "nearest known are: torso_height" in fault.message


def test_an_enormous_integer_in_an_expression_is_refused_like_any_other() -> None:
    with pytest.raises(RewardRejected, match=r"at most 2\*\*64"):
        check_metric("0x" + "f" * 10_000, "True", KNOWN)
    with pytest.raises(RewardRejected, match=r"at most 2\*\*64"):
        check_step_expression("0x" + "f" * 10_000, KNOWN)


def test_columns_count_characters_in_rewards_and_expressions_alike() -> None:
    with pytest.raises(RewardRejected) as reward:
        check_reward("def compute_reward(speed):\n    θ = 'éé' + sped\n    return speed, {'s': speed}\n", KNOWN)
    with pytest.raises(RewardRejected) as metric:
        check_metric(" 'é' + sped", "True", KNOWN)
    with pytest.raises(RewardRejected) as step:
        check_step_expression("'é' + sped", KNOWN)

    # `    θ = 'éé' + sped`: four spaces, 11 characters; `'é' + sped`: six characters before the name
    assert [(fault.line, fault.column) for fault in reward.value.faults] == [(2, 16)]
    assert [(fault.line, fault.column) for fault in (*metric.value.faults, *step.value.faults)] == [(1, 7), (1, 7)]


def test_a_refusal_survives_pickling() -> None:
    with pytest.raises(RewardRejected) as caught:
        check_reward(body("x = open"), KNOWN)

    copy = pickle.loads(pickle.dumps(caught.value))

    assert copy.faults == caught.value.faults
    assert str(copy) == str(caught.value)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(max_size=300))
def test_any_text_is_either_checked_or_refused(source: str) -> None:
    with pytest.raises(RewardRejected):
        check_reward(source, KNOWN)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.from_regex(r"__[a-z]{1,12}__", fullmatch=True))
def test_no_private_name_or_attribute_is_ever_accepted(name: str) -> None:
    for expression in (name, f"speed.{name}", f"np.{name}", f"np.exp.{name}", f"f'{{speed.{name}}}'"):
        with pytest.raises(RewardRejected):
            check_reward(body(f"x = {expression}"), KNOWN)
