"""Properties of the syntax layer: nothing sane is refused, nothing hostile is accepted, and every refusal can be read."""

import ast
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox import CheckedReward, RewardRejected, check_metric, check_reward, check_step_expression
from tests.legitimate.corpus import KNOWN, REWARDS, LegitimateReward
from tests.pace import within_sums
from tests.properties import mutations
from tests.properties.judge import objections
from tests.properties.programs import KNOWN as GENERATED
from tests.properties.programs import programs

SIZES = {"speed": 0, "action": 3}
SUMS = 20


def judged(source: str, known: dict[str, int]) -> CheckedReward | None:
    """Checks any text at all: whatever becomes of it keeps the promise of the syntax layer; None where it is refused."""
    try:
        with within_sums(SUMS):
            checked = check_reward(source, known)
    except RewardRejected as rejected:
        readable(rejected)
        placed(rejected, source)
        return None
    assert objections(checked) == []
    return checked


def readable(rejected: RewardRejected) -> None:
    """Every refusal says something that can be printed."""
    assert 1 <= len(rejected.faults) <= 64
    for fault in rejected.faults:
        assert 0 < len(fault.message) <= 600
        assert fault.message.isprintable()
        assert (fault.line is None) == (fault.column is None)


def placed(rejected: RewardRejected, source: str) -> None:
    """Every refusal that names a place names one that is there; both count from 1, columns in characters."""
    lines = re.split(r"\r\n|\r|\n", source)
    for fault in rejected.faults:
        if fault.line is not None and fault.column is not None:
            assert 1 <= fault.line <= len(lines)
            assert 1 <= fault.column <= len(lines[fault.line - 1]) + 1


@settings(max_examples=150, deadline=None, derandomize=True)
@given(programs())
def test_every_program_inside_the_language_is_accepted(source: str) -> None:
    assert judged(source, GENERATED) is not None


@pytest.mark.parametrize("reward", REWARDS, ids=str)
def test_the_judge_has_no_objection_to_a_sane_reward(reward: LegitimateReward) -> None:
    assert judged(reward.source, dict(KNOWN[reward.card])) is not None


@settings(max_examples=600, deadline=None, derandomize=True)
@given(mutations.rewards, mutations.seeds, st.integers(1, 4))
def test_a_reward_with_hostile_parts_in_its_tree_is_refused_or_harmless(
    reward: LegitimateReward, seed: int, times: int
) -> None:
    judged(mutations.spliced(reward.source, seed, times), dict(KNOWN[reward.card]))


@settings(max_examples=500, deadline=None, derandomize=True)
@given(mutations.rewards, mutations.seeds, st.integers(1, 4))
def test_a_reward_with_hostile_words_in_its_text_is_refused_or_harmless(
    reward: LegitimateReward, seed: int, times: int
) -> None:
    judged(mutations.shuffled(reward.source, seed, times), dict(KNOWN[reward.card]))


def test_the_mutations_reach_both_sides_of_the_border() -> None:
    kept = changed = 0
    for seed in range(300):
        reward = REWARDS[seed % len(REWARDS)]
        source = mutations.spliced(reward.source, seed, 1)
        changed += source != reward.source
        kept += source != reward.source and judged(source, dict(KNOWN[reward.card])) is not None

    # About half of the single changes are harmless: a judge that only ever saw refusals would have judged nothing.
    assert changed > 250
    assert 50 < kept < 250


# Any code point, lone halves of surrogate pairs among them.
any_text = st.text(st.characters(exclude_categories=()), max_size=120)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.one_of(any_text, mutations.soup))
def test_any_text_is_refused_and_never_with_another_exception(text: str) -> None:
    assert judged(text, SIZES) is None


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.one_of(any_text, mutations.soup))
def test_any_text_inside_a_sane_function_is_refused_or_harmless(text: str) -> None:
    judged(f"def compute_reward(speed):\n    x = ({text}\n)\n    return speed, {{'s': speed}}\n", SIZES)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.one_of(any_text, mutations.soup))
def test_any_expression_is_refused_or_harmless(text: str) -> None:
    for score, success in ((text, "True"), ("1.0", text)):
        try:
            metric = check_metric(score, success, SIZES)
        except RewardRejected as rejected:
            readable(rejected)
            placed(rejected, text) if text.strip() == text else None
        else:
            assert objections(metric) == []
    try:
        step = check_step_expression(text, SIZES)
    except RewardRejected as rejected:
        readable(rejected)
    else:
        assert objections(step) == []


NESTED = (
    "(",
    "[",
    "{",
    "-",
    "not ",
    "a.",
    "f(",
    "lambda: ",
    "x[",
    "1 if 2 else ",
    "{1: ",
    "a ** ",
    "f'{",
    "if 1:\n ",
    "(a := ",
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(st.sampled_from(NESTED), st.integers(1, 4000)), min_size=1, max_size=3),
    st.sampled_from(["", "1"]),
)
def test_nesting_of_any_depth_is_refused_in_time(nested: list[tuple[str, int]], inner: str) -> None:
    text = "".join(opening * times for opening, times in nested) + inner

    assert judged(text, SIZES) is None
    assert judged(f"x = {text}", SIZES) is None


def unchecked(source: str) -> CheckedReward:
    return CheckedReward(source, (), ast.parse(source), ("np.exp",), ("len",))


HARMFUL = {
    "an import": "import os",
    "a class": "class A: pass",
    "a loop without end": "while 1: pass",
    "a handler": "try: pass\nexcept A: pass",
    "a global name": "def f():\n    global q",
    "a generator": "def f(): yield 1",
    "an asynchronous function": "async def f(): pass",
    "a decorator": "@len\ndef f(): pass",
    "a hint": "def f(x: int): pass",
    "a hint of a result": "def f() -> int: pass",
    "a hint of a value": "x: int = 1",
    "an unbound name": "def f(): return q",
    "a name bound elsewhere": "def f():\n    q = 1\ndef g(): return q",
    "a target of a comprehension outside it": "x = [q for q in (1, 2)]\ny = q",
    "a builtin that is not bound": "x = max(1, 2)",
    "a builtin of Python": "def f(open): return open",
    "a module": "def f(np): return np",
    "a private name": "__x = 1",
    "a private attribute": "x = len.__self__",
    "an attribute that writes files": "x = 1\nx.tofile('y')",
    "an attribute assigned to": "x = 1\nx.shape = 2",
    "bytes": "x = b''",
    "an imaginary number": "x = 1j",
    "an enormous integer": f"x = {2**70}",
    "a file": "x = 1\nwith x: pass",
}


@pytest.mark.parametrize("source", HARMFUL.values(), ids=HARMFUL.keys())
def test_the_judge_objects_to_what_was_never_checked(source: str) -> None:
    assert objections(unchecked(source))


def test_the_judge_objects_to_what_is_bound_beside_the_tree() -> None:
    harmless = ast.parse("x = 1")

    assert objections(CheckedReward("", (), harmless, ("np.exp",), ("len",))) == []
    assert objections(CheckedReward("", (), harmless, ("np.load",), ()))
    assert objections(CheckedReward("", (), harmless, ("np.empty",), ()))
    assert objections(CheckedReward("", (), harmless, (), ("open",)))
