"""Validation: what rejects a reward, and what is only noted."""

import dataclasses
import json
import re

import numpy as np
import pytest

from sandbox import Fault, Limits, Verdict, validate

ROWS = 4096
TOP = "KEPT = []"


def judge(
    *lines: str,
    top: str = "",
    limits: Limits = Limits(call_seconds=1.0),  # noqa: B008
    budget_seconds: float = 20.0,
) -> Verdict:
    """A verdict on the lines of a function of a standard normal, a height in [0.5, 1.5], an action in [-1, 1] and a constant."""
    random = np.random.default_rng(3)
    transitions = {
        "speed": random.normal(size=ROWS).astype(np.float32),
        "height": random.uniform(0.5, 1.5, ROWS).astype(np.float32),
        "action": random.uniform(-1, 1, (ROWS, 3)).astype(np.float32),
        "terminated": np.zeros(ROWS, np.float32),
    }
    transitions["height"][17] = 0.25
    body = "".join(f"    {line}\n" for line in lines)
    parameters = [name for name in transitions if name != "terminated" or name in body]
    source = f"{top}\ndef compute_reward({', '.join(parameters)}):\n{body}"
    return validate(source, transitions, limits, budget_seconds)


def codes(verdict: Verdict) -> list[str]:
    return [note.code for note in verdict.notes]


def only_fault(verdict: Verdict) -> Fault:
    assert not verdict.accepted
    [fault] = verdict.faults
    return fault


GOOD = (
    "upright = np.exp(-np.square((height - 1.25) / 0.5))",
    "effort = -0.1 * np.sum(np.square(action), axis=-1)",
    "return speed + upright + effort, {'speed': speed, 'upright': upright, 'effort': effort}",
)


def test_a_sane_reward_is_accepted_without_notes_and_with_its_figures() -> None:
    verdict = judge(*GOOD)

    assert verdict.accepted
    assert verdict.faults == verdict.notes == verdict.ignored_inputs == ()
    assert verdict.parameters == ("speed", "height", "action")
    assert verdict.transitions == ROWS
    assert sum(component.share for component in verdict.components) == pytest.approx(1.0)
    speed = verdict.components[0]
    # A standard normal has mean 0, deviation 1 and a mean magnitude of 0.8.
    assert (speed.name, speed.mean, speed.std) == ("speed", pytest.approx(0.0, abs=0.05), pytest.approx(1.0, abs=0.05))
    assert verdict.seconds_per_transition is not None
    assert verdict.seconds_per_transition < 1e-4


def test_a_verdict_says_what_each_component_moves_with() -> None:
    verdict = judge(*GOOD)

    assert {component.name: component.inputs for component in verdict.components} == {
        "speed": ("speed",),
        "upright": ("height",),
        "effort": ("action",),
    }
    assert verdict.total is not None
    assert verdict.total.inputs == ("speed", "height", "action")


def test_a_component_may_be_called_total() -> None:
    verdict = judge("return speed + height + action[:, 0], {'total': speed + height, 'rest': action[:, 0]}")

    assert verdict.accepted
    assert verdict.notes == ()
    assert verdict.components[0].inputs == ("speed", "height")
    assert verdict.total is not None
    assert verdict.total.inputs == ("speed", "height", "action")


def test_an_input_that_is_the_same_everywhere_is_tried_with_another_value() -> None:
    verdict = judge("r = speed + height + action[:, 0] - 5 * terminated", "return r, {'r': r}")

    assert verdict.ignored_inputs == ()


def test_a_verdict_can_be_written_as_json() -> None:
    assert json.loads(json.dumps(dataclasses.asdict(judge(*GOOD))))["accepted"] is True


FAULTS = {
    "syntax": (("return speed, {'s': sped}",), "name.unknown", "sped is not defined; did you mean speed"),
    "raised": (("x = speed @ action @ action", "return x, {'x': x}"), "raised", "line 3"),
    "misshapen": (("return action, {'a': speed}",), "misshapen", r"\(4096, 3\)"),
    "complex": (("return speed.astype('complex64'), {'s': speed}",), "misshapen", "dtype complex64; take np.real"),
    "objects": (("return [None for s in speed], {'s': speed}",), "misshapen", "dtype object; build arrays"),
    "text": (("return speed, {'s': 'fast'}",), "misshapen", r"'s': expected numbers, got a str of dtype <U4"),
    "huge integer": (("return 10**400, {'s': speed}",), "misshapen", "the total: expected numbers, got a int"),
    "not finite": (("return speed, {'log': np.log(speed)}",), "misshapen", "'log'.*nan.*first in row"),
    "too slow": (("x = 10**10**8", "return speed, {'s': speed}"), "timeout", "no answer within 1 s.*array expressions"),
    "too large": (("x = np.zeros(10**11)", "return speed, {'s': speed}"), "killed", "memory: use smaller arrays"),
    "batch maximum": (("r = height / height.max()", "return r, {'r': r}"), "rows.dependent", "depends on the other"),
    "next row": (("r = np.roll(speed, 1)", "return r, {'r': r}"), "rows.dependent", "depends on the other"),
    "row number": (("r = speed + np.arange(len(speed))", "return r, {'r': r}"), "rows.dependent", "in another order"),
    "total alone": (("return speed - speed.mean(), {'s': speed}",), "rows.dependent", "the total of a transition"),
    "one row fails": (("r = speed[:2].sum() * 0 + speed + speed[1] * 0", "return r, {'r': r}"), "rows.fail", "one row"),
}


@pytest.mark.parametrize(("lines", "code", "message"), FAULTS.values(), ids=FAULTS.keys())
def test_a_hard_fault_rejects_and_says_what_to_mend(lines: tuple[str, ...], code: str, message: str) -> None:
    fault = only_fault(judge(*lines, top=TOP))

    assert fault.code == code
    assert re.search(message, fault.message)


CHANGES = {
    "in place": ("speed += 1",),
    "one element": ("speed[0] = 1.0",),
    "a view": ("first = action[:, 0]", "first -= 1"),
    "a reshaped view": ("flat = action.reshape(-1)", "flat *= 2"),
    "sorted": ("speed.sort()",),
    "as an output": ("np.clip(speed, -1, 1, out=speed)",),
}


@pytest.mark.parametrize("lines", CHANGES.values(), ids=CHANGES.keys())
def test_inputs_are_to_be_left_alone(lines: tuple[str, ...]) -> None:
    fault = only_fault(judge(*lines, "return speed, {'s': speed}"))

    assert fault.code == "inputs.changed"
    # The source begins with an empty line and the definition; the change is the last line before the return.
    assert fault.line == 2 + len(lines)
    assert "read-only" in fault.message
    assert "x.copy()" in fault.message


def test_a_copy_of_an_input_may_be_changed() -> None:
    verdict = judge("x = speed.copy()", "x += height", "x[x > 1] = 1.0", "x -= action[:, 0]", "return x, {'x': x}")

    assert verdict.accepted


def test_other_types_of_number_are_taken_as_float32() -> None:
    verdict = judge(
        "return np.float64(speed) + height.astype('int64') + (action[:, 0] > 0), {'a': np.float64(speed),"
        " 'b': height.astype('int64'), 'c': action[:, 0] > 0}"
    )

    assert verdict.accepted
    assert verdict.notes == ()
    assert (verdict.components[2].min, verdict.components[2].max) == (0.0, 1.0)


def test_what_float32_cannot_hold_is_told_with_its_type_row_and_inputs() -> None:
    # 1e30 * 1e10 is 1e40 as float64; only row 17 has a height below 0.5.
    big = "big = np.where(height < 0.5, 1e10, 1e-30) * np.float64(1e30)"
    fault = only_fault(judge(big, "return speed, {'big': big}"))

    assert fault.code == "misshapen"
    assert fault.message.startswith(
        "component 'big': expected numbers that float32 can hold, up to 3.4e+38, got 1e+40 as float64 in 1 of 4096 rows, "
        "first in row 17, where speed="
    )
    assert "height=0.25, action=[" in fault.message
    assert fault.message.endswith("bound exponents and products, as with np.clip")


def test_a_value_that_is_not_finite_is_told_with_its_row_and_inputs() -> None:
    fault = only_fault(judge("r = np.log(height - 0.25)", "return r, {'r': r}"))

    assert "'r': expected finite float32, got -inf in 1 of 4096 rows, first in row 17" in fault.message
    assert re.search(r"height=0\.25\b", fault.message)


@pytest.mark.parametrize("calls", [1, 2, 3, 4, 5])
def test_whatever_changes_with_the_number_of_calls_is_impure(calls: int) -> None:
    # The probes repeat the batch, then send it permuted, in two parts and as one row, then whole again.
    lines = ("KEPT.append(1)", f"return speed + (len(KEPT) > {calls}), {{'s': speed}}")
    fault = only_fault(judge(*lines, top=TOP))

    assert fault.code == "impure"
    assert re.search(
        r"the total differs between two calls.*expected -?[\d.]+ as at first, got -?[\d.]+ .*in row 0, where speed=",
        fault.message,
    )
    assert "keep nothing between calls" in fault.message


def test_what_was_kept_of_the_first_batch_is_impure_though_it_never_changes() -> None:
    fault = only_fault(
        judge(
            "if not KEPT:",
            "    KEPT.append(speed.mean())",
            "r = speed - KEPT[0]",
            "return r, {'r': r}",
            top=TOP,
        )
    )

    assert fault.code == "impure"
    assert "'r' depends on what the first call was given" in fault.message
    # The other process begins with the last two thirds: rows from 4096 // 3 on.
    assert "in row 1365, where speed=" in fault.message


@pytest.mark.parametrize("others", ["{'b': speed}", "{'a': speed, 'b': speed}"])
def test_components_whose_names_hang_on_the_first_batch_are_impure(others: str) -> None:
    parts = f"{{'a': speed}} if n == {ROWS} else {others}"
    fault = only_fault(judge("n = KEPT.setdefault('n', len(speed))", f"return speed, ({parts})", top="KEPT = {}"))

    assert fault.code == "impure"
    assert "the components changed between calls: first a, then " in fault.message


def test_the_order_of_components_may_hang_on_anything() -> None:
    parts = f"{{'a': speed, 'b': height}} if n == {ROWS} else {{'b': height, 'a': speed}}"

    assert judge("n = KEPT.setdefault('n', len(speed))", f"return speed, ({parts})", top="KEPT = {}").accepted


def test_code_that_fails_only_when_it_is_called_again_is_impure() -> None:
    fault = only_fault(
        judge(
            "KEPT.append(1)", "x = speed if len(KEPT) < 2 else speed @ action @ action", "return x, {'x': x}", top=TOP
        )
    )

    assert (fault.code, fault.line) == ("impure", 4)
    assert "in the next call failed: ValueError" in fault.message


def test_every_component_that_depends_on_its_batch_is_told_and_the_total_is_not() -> None:
    verdict = judge("a, b = speed - speed.mean(), height / height.max()", "return a + b, {'a': a, 'b': b, 'c': speed}")

    assert [(fault.code, fault.message.split(" of a transition")[0]) for fault in verdict.faults] == [
        ("rows.dependent", "component 'a'"),
        ("rows.dependent", "component 'b'"),
    ]


def test_dependence_is_told_with_expected_actual_and_row() -> None:
    # Without row 17, in the last two thirds, the smallest height is 0.5 or a little more.
    fault = only_fault(judge("r = height - height.min()", "return r, {'r': r}"))

    found = re.search(r"expected ([\d.]+) as in the whole batch, got ([\d.]+) .* in row (\d+), where", fault.message)
    assert found is not None
    assert float(found[1]) - float(found[2]) == pytest.approx(0.25, abs=0.01)
    assert int(found[3]) >= ROWS // 3


def test_sums_in_another_order_do_not_count_as_dependence() -> None:
    verdict = judge("r = np.sum(action * np.float32(1e3), axis=-1) / 3 + np.prod(action, axis=1)", "return r, {'r': r}")

    assert verdict.accepted


def test_all_calls_together_have_a_budget() -> None:
    verdict = judge(
        "r = np.array([float(s) + 0 * sum(range(3000)) for s in speed])",
        "return r, {'r': r}",
        limits=Limits(),
        budget_seconds=0.2,
    )

    fault = only_fault(verdict)
    assert fault.code == "timeout"
    assert "no verdict within 0.2 s: one call with 4096 transitions took" in fault.message
    assert "not loops over rows" in fault.message


NOTES = {
    "constant": (
        ("return speed * 0 + 1, {'s': speed * 0 + 1}",),
        ["constant.total", "constant", "ignored", "ignored", "ignored"],
    ),
    "ignored": (("return speed, {'s': speed}",), ["ignored", "ignored"]),
    "dominant and tiny": (
        ("x = 0.01 * (height + action[:, 0])", "return 100 * speed + x, {'big': 100 * speed, 'small': x}"),
        ["dominant", "tiny"],
    ),
    "saturated": (
        (
            "s = (height > 0.51) * 1.0",
            "return speed + action[:, 0] + s, {'s': s, 'rest': speed + action[:, 0]}",
        ),
        ["saturated"],
    ),
    "broadcast": (
        ("r = speed + height + action[:, 0]", "return r + 1, {'r': r, 'alive': 1.0}"),
        ["broadcast"],
    ),
    "scale": (("r = 1e6 * speed * height * action[:, 0]", "return r, {'r': r}"), ["scale"]),
    "flat": (("r = 100 + 1e-3 * speed * height * action[:, 0]", "return r, {'r': r}"), ["flat"]),
    "sum": (("r = speed * height + action[:, 0]", "return 2 * r, {'r': r}"), ["sum"]),
    "left out of the total": (
        ("r = speed + action[:, 0]", "return r, {'r': r, 'high': height}"),
        ["sum", "ignored"],
    ),
    "fragile": (
        ("r = np.sqrt(np.float32(1.6) - height) + speed + action[:, 0]", "return r, {'r': r}"),
        ["fragile"],
    ),
    "slow": (
        (
            "r = np.array([float(s) + 0 * sum(range(2000)) for s in speed]) + height + action[:, 0]",
            "return r, {'r': r}",
        ),
        ["slow"],
    ),
}


@pytest.mark.parametrize(("lines", "expected"), NOTES.values(), ids=NOTES.keys())
def test_what_is_only_noted_does_not_reject(lines: tuple[str, ...], expected: list[str]) -> None:
    verdict = judge(*lines)

    assert verdict.accepted
    assert codes(verdict) == expected


def message_of(code: str, *lines: str) -> str:
    [note] = [note for note in judge(*lines).notes if note.code == code]
    return note.message


def test_an_ignored_input_is_noted_with_its_range_and_what_it_moves() -> None:
    # Heights lie between 0.25, in row 17, and 1.5.
    unread = message_of("ignored", "r = speed + action[:, 0] + (height > 9)", "return r, {'r': r}")
    assert unread.startswith("nothing moves with height (here 0.25 to 1.5): drop it, or put its thresholds where")
    left_out = message_of("ignored", "r = speed + action[:, 0]", "return r, {'r': r, 'high': height}")
    assert left_out.startswith("the total does not move with height (here 0.25 to 1.5) though 'high' does: add 'high'")


def test_a_sum_that_is_not_the_total_is_noted_with_a_row() -> None:
    message = message_of("sum", "r = 0 * (speed + action[:, 0]) + height", "return r + (height < 0.5), {'r': r}")

    # Row 17 has a height of 0.25, to which the total adds 1.
    assert "their sum is 0.25, the total 1.25 in row 17, where speed=" in message
    assert "return each with its weight" in message


def test_what_fails_further_out_is_noted_with_the_values_that_it_fails_at() -> None:
    message = message_of("fragile", *NOTES["fragile"][0])

    # Heights from 0.25 to 1.5, stretched about 0.875 to three times their distance, reach 2.75; they never change their sign.
    assert "with inputs 3 times as far out as recorded" in message
    assert "got nan" in message
    assert "height=" in message


def test_inputs_that_never_change_their_sign_keep_it_further_out() -> None:
    assert codes(judge("r = np.log(height) + speed + action[:, 0]", "return r, {'r': r}")) == []


def test_too_few_transitions_are_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="4096 or more"):
        validate("", {"speed": np.zeros(4095, np.float32)})


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((ROWS, 2, 2), np.float32), r"expected transitions of shape \(B,\) or \(B, n\)"),
        (np.full(ROWS, np.nan, np.float32), "expected finite transitions, got row 0, where speed=nan"),
    ],
)
def test_transitions_that_are_none_are_the_callers_mistake(array: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        validate("def compute_reward(speed):\n    return speed, {'s': speed}\n", {"speed": array})


def test_what_the_code_writes_into_a_message_is_printable_and_bounded() -> None:
    for verdict in (
        judge("x = {'a': 1}[" + "'\\x1b[31m\\u202e<script>' + 'x' * 5000" + "]", "return speed, {'s': speed}"),
        judge("return speed, {'\\x1b[31m\\u202e' + 'x' * 5000: speed}"),
        judge("return speed, {'s': '\\x1b[31m' + 'x' * 5000}"),
    ):
        told = only_fault(verdict).message
        assert told.isprintable()
        assert len(told) <= 1200 + 3
