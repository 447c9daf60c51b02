"""Validation: what rejects a reward, and what is only noted."""

import dataclasses
import json
import re

import numpy as np
import pytest

from sandbox import Limits, Verdict, validate

ROWS = 4096


def judge(*lines: str, top: str = "", limits: Limits = Limits(call_seconds=1.0)) -> Verdict:  # noqa: B008
    random = np.random.default_rng(3)
    transitions = {
        "speed": random.normal(size=ROWS).astype(np.float32),
        "height": random.uniform(0.5, 1.5, ROWS).astype(np.float32),
        "action": random.uniform(-1, 1, (ROWS, 3)).astype(np.float32),
    }
    source = f"{top}\ndef compute_reward(speed, height, action):\n" + "".join(f"    {line}\n" for line in lines)
    return validate(source, transitions, limits)


def codes(verdict: Verdict) -> list[str]:
    return [note.code for note in verdict.notes]


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


def test_a_verdict_can_be_written_as_json() -> None:
    assert json.loads(json.dumps(dataclasses.asdict(judge(*GOOD))))["accepted"] is True


FAULTS = {
    "syntax": (("return speed, {'s': sped}",), "name.unknown", "sped is not defined; did you mean speed"),
    "raised": (("x = speed @ action @ action", "return x, {'x': x}"), "raised", "line 3"),
    "read-only": (("speed += 1", "return speed, {'s': speed}"), "raised", "inputs must not be changed"),
    "misshapen": (("return action, {'a': speed}",), "misshapen", r"\(4096, 3\)"),
    "not finite": (("return speed, {'log': np.log(speed)}",), "misshapen", "'log'.*nan.*first in row"),
    "too slow": (("x = 10**10**8", "return speed, {'s': speed}"), "timeout", "no answer"),
    "too large": (("x = np.zeros(10**11)", "return speed, {'s': speed}"), "killed", "memory"),
    "impure": (("KEPT.append(1)", "return speed + len(KEPT), {'s': speed}"), "impure", "two calls"),
    "batch mean": (("r = speed - speed.mean()", "return r, {'r': r}"), "rows.dependent", "never over the batch"),
    "batch maximum": (("r = height / height.max()", "return r, {'r': r}"), "rows.dependent", "depends on the other"),
    "next row": (("r = np.roll(speed, 1)", "return r, {'r': r}"), "rows.dependent", "depends on the other"),
    "row number": (("r = speed + np.arange(len(speed))", "return r, {'r': r}"), "rows.dependent", "in another order"),
    "one row fails": (("r = speed[:2].sum() * 0 + speed + speed[1] * 0", "return r, {'r': r}"), "rows.fail", "one row"),
}


@pytest.mark.parametrize(("lines", "code", "message"), FAULTS.values(), ids=FAULTS.keys())
def test_a_hard_fault_rejects_and_says_what_to_mend(lines: tuple[str, ...], code: str, message: str) -> None:
    verdict = judge(*lines, top="KEPT = []")

    assert not verdict.accepted
    assert [fault.code for fault in verdict.faults] == [code]
    assert re.search(message, verdict.faults[0].message)


def test_sums_in_another_order_do_not_count_as_dependence() -> None:
    verdict = judge("r = np.sum(action * np.float32(1e3), axis=-1) / 3 + np.prod(action, axis=1)", "return r, {'r': r}")

    assert verdict.accepted


NOTES = {
    "constant": (
        ("return speed * 0 + 1, {'s': speed * 0 + 1}",),
        ["constant.total", "constant", "ignored", "ignored", "ignored"],
    ),
    "ignored": (("return speed, {'s': speed}",), ["ignored", "ignored"]),
    "dominant and tiny": (
        ("x = height + action[:, 0]", "return 100 * speed + x, {'big': 100 * speed, 'small': 0.01 * x}"),
        ["dominant", "tiny"],
    ),
    "saturated": (
        (
            "r = np.tanh(100 * (height + 5)) + 1e-9 * speed",
            "return speed + action[:, 0] * height, {'s': (height > 0.51) * 1.0}",
        ),
        ["saturated"],
    ),
    "broadcast": (("return speed + height + action[:, 0], {'s': speed, 'alive': 1.0}",), ["broadcast"]),
    "scale": (("return 1e6 * speed * height * action[:, 0], {'s': speed}",), ["scale"]),
    "slow": (
        ("r = np.array([float(s) + 0 * sum(range(500)) for s in speed]) + height + action[:, 0]", "return r, {'r': r}"),
        ["slow"],
    ),
}


@pytest.mark.parametrize(("lines", "expected"), NOTES.values(), ids=NOTES.keys())
def test_what_is_only_noted_does_not_reject(lines: tuple[str, ...], expected: list[str]) -> None:
    verdict = judge(*lines)

    assert verdict.accepted
    assert codes(verdict) == expected


def test_too_few_transitions_are_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="64 or more"):
        validate("", {"speed": np.zeros(3, np.float32)})
