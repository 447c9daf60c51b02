"""What the syntax layer refuses, with the code of the refusal and the place it names."""

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox import RewardRejected, check_reward

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


def test_an_unknown_parameter_is_answered_with_the_nearest_known() -> None:
    with pytest.raises(RewardRejected) as caught:
        check_reward("def compute_reward(torso_heigth):\n    return torso_heigth, {'a': torso_heigth}", KNOWN)

    (fault,) = caught.value.faults
    assert fault.code == "parameter.unknown"
    assert "nearest known are: torso_height" in fault.message


def test_a_refusal_survives_pickling() -> None:
    with pytest.raises(RewardRejected) as caught:
        check_reward(body("x = open"), KNOWN)

    copy = pickle.loads(pickle.dumps(caught.value))

    assert copy.faults == caught.value.faults
    assert str(copy) == str(caught.value)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_either_checked_or_refused(source: str) -> None:
    with pytest.raises(RewardRejected):
        check_reward(source, KNOWN)


@settings(max_examples=200, deadline=None)
@given(st.from_regex(r"__[a-z]{1,12}__", fullmatch=True))
def test_no_private_name_or_attribute_is_ever_accepted(name: str) -> None:
    for expression in (name, f"speed.{name}", f"np.{name}", f"np.exp.{name}", f"f'{{speed.{name}}}'"):
        with pytest.raises(RewardRejected):
            check_reward(body(f"x = {expression}"), KNOWN)
