"""Whatever a model writes, validation gives a verdict; and the figures of an accepted one are those of plain NumPy."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import cast

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sandbox import Limits, validate

Floats = NDArray[np.float32]
ROWS = 4096
RANDOM = np.random.default_rng(11)
TRANSITIONS: dict[str, Floats] = {
    "speed": RANDOM.normal(size=ROWS).astype(np.float32),
    "height": RANDOM.uniform(0.5, 1.5, ROWS).astype(np.float32),
    "action": RANDOM.uniform(-1, 1, (ROWS, 3)).astype(np.float32),
    "terminated": (np.arange(ROWS) % 100 == 0).astype(np.float32),
}

NUMBERS = st.floats(-3, 3, allow_nan=False, width=32).map(lambda x: f"({x:.3g})")
INPUTS = st.sampled_from(["speed", "height", "terminated", "action[:, 0]", "np.sum(action, axis=-1)"])
ROW_BY_ROW = ["np.tanh({})", "np.square({})", "np.abs({})", "np.exp(-np.square({}))", "np.clip({}, -1, 1)", "(-{})"]
PAIRS = ["({} + {})", "({} - {})", "({} * {})", "np.where({} > 0, {}, 0.5)", "np.maximum({}, {})"]
# How long an example takes to be drawn depends on what else the machine does.
SLOW = [HealthCheck.too_slow]
INSANE = [
    "np.log({})", "np.exp(1000 * {})", "(1 / ({} > 0))", "({} - np.mean({}))", "np.sort({})", "np.roll({}, 1)",
    "({}[:2])", "({}[:, None])", "({} + np.arange(4096))", "np.sum({})", "{}.sort()", "'text'", "None", "({} + 1j)",
    "float({})", "np.median({}, axis=7)", "({} if {} else 1)", "(KEPT.append(1) or {} + len(KEPT))", "np.zeros(10**10)",
    "open('x')", "{}.tofile('x')", "[]", "(10**400)", "(lambda: {})", "{{}}", "np.float64({}) * 1e300",
]  # fmt: skip


def expressions(extra: list[str]) -> st.SearchStrategy[str]:
    """Expressions over a batch: sane ones, and those of `extra` anywhere in them."""

    def larger(smaller: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        templates = st.sampled_from([*ROW_BY_ROW, *PAIRS, *extra])
        return st.tuples(templates, smaller, smaller).map(lambda parts: parts[0].format(*parts[1:]))

    return st.recursive(st.one_of(INPUTS, INPUTS, NUMBERS), larger, max_leaves=6)


def sources(expression: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Whole rewards of one to four components, which their total adds up."""

    def written(parts: list[str]) -> str:
        lines = [f"    c{i} = {part}" for i, part in enumerate(parts)]
        names = [f"c{i}" for i in range(len(parts))]
        returned = ", ".join(f"'{name}': {name}" for name in names)
        head = ["KEPT = []", "", "def compute_reward(speed, height, action, terminated):"]
        return "\n".join([*head, *lines, f"    return {' + '.join(names)}, {{{returned}}}", ""])

    return st.lists(expression, min_size=1, max_size=4).map(written)


def computed(source: str) -> tuple[Floats, dict[str, Floats]]:
    """What the source gives in this process, as float32 columns."""
    names: dict[str, object] = {"np": np}
    with warnings.catch_warnings():
        # `0[:2] if None else 1` is never asked for its slice, yet the compiler warns of it.
        warnings.simplefilter("ignore", SyntaxWarning)
        exec(source, names)
    total, parts = cast(Callable[..., tuple[Floats, dict[str, Floats]]], names["compute_reward"])(**TRANSITIONS)
    return column(total), {name: column(values) for name, values in parts.items()}


def column(values: object) -> Floats:
    return np.array(np.broadcast_to(np.asarray(values), ROWS), np.float32)


@settings(derandomize=True, deadline=None, max_examples=60, suppress_health_check=SLOW)
@given(sources(expressions([])))
def test_a_sane_reward_is_accepted_with_the_figures_that_plain_numpy_gives(source: str) -> None:
    verdict = validate(source, TRANSITIONS)

    assert verdict.accepted, verdict.faults
    total, parts = computed(source)
    magnitudes = {name: np.abs(values.astype(np.float64)).mean() for name, values in parts.items()}
    whole = sum(magnitudes.values())
    assert verdict.total is not None
    for figures, values in [(verdict.total, total), *zip(verdict.components, parts.values(), strict=True)]:
        exact = values.astype(np.float64)
        assert figures.mean == pytest.approx(exact.mean(), rel=1e-5, abs=1e-6)
        assert figures.std == pytest.approx(exact.std(), rel=1e-5, abs=1e-6)
        assert (figures.min, figures.max) == pytest.approx((exact.min(), exact.max()), rel=1e-6)
        assert 0.0 < figures.saturated <= 1.0
    for figures in verdict.components:
        assert figures.share == pytest.approx(magnitudes[figures.name] / whole if whole else 0.0, abs=1e-5)
    body = source.partition(":\n")[2]
    for name in TRANSITIONS:
        if name not in body:
            assert name in verdict.ignored_inputs


@settings(derandomize=True, deadline=None, max_examples=150, suppress_health_check=SLOW)
@given(sources(expressions(INSANE)))
def test_an_insane_reward_gets_a_verdict_whose_messages_a_model_can_read(source: str) -> None:
    verdict = validate(source, TRANSITIONS, Limits(call_seconds=2.0, memory_mib=256))

    assert verdict.accepted == (verdict.faults == ())
    for said in (*verdict.faults, *verdict.notes):
        assert said.message.isprintable()
        assert 20 <= len(said.message) <= 1300
    if verdict.accepted:
        total, parts = computed(source)
        assert verdict.total is not None
        assert verdict.total.mean == pytest.approx(total.mean(dtype=np.float64), rel=1e-4, abs=1e-5)
        assert [figures.name for figures in verdict.components] == list(parts)


@settings(derandomize=True, deadline=None, max_examples=100, suppress_health_check=SLOW)
@given(st.text(max_size=200))
def test_any_text_gets_a_verdict(text: str) -> None:
    verdict = validate(text, TRANSITIONS)

    assert not verdict.accepted
    assert verdict.faults
