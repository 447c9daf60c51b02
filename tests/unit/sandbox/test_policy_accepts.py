"""What the syntax layer makes of a source that it lets through."""

import ast

import pytest

from sandbox import RewardRejected, check_metric, check_reward, check_step_expression

KNOWN = {"speed": 0, "height": 0, "action": 3}


def test_parameters_keep_the_order_of_the_function() -> None:
    source = "def compute_reward(speed, action, height):\n    return speed, {'s': speed}"

    assert check_reward(source, KNOWN).parameters == ("speed", "action", "height")


def test_only_what_the_code_uses_is_bound_in_its_process() -> None:
    source = "def compute_reward(speed):\n    return np.exp(abs(speed)), {'s': math.pi * speed}"

    checked = check_reward(source, KNOWN)

    assert checked.paths == ("math.pi", "np.exp")
    assert checked.builtins == ("abs",)


def test_uninitialised_memory_is_replaced_by_zeros() -> None:
    source = "def compute_reward(speed):\n    r = np.empty(3)\n    return speed, {'s': speed}"

    assert check_reward(source, KNOWN).paths == ("np.zeros",)


def test_a_step_expression_becomes_a_reward_with_one_component() -> None:
    checked = check_step_expression("np.where(height > 1.0, speed, 0.0)", KNOWN)

    assert checked.parameters == ("speed", "height")
    assert checked.source == "np.where(height > 1.0, speed, 0.0)"
    assert ast.unparse(checked.tree).endswith("return (sparse, {'sparse': sparse})")


def test_a_metric_knows_variables_and_the_length_of_the_episode() -> None:
    checked = check_metric("(speed[-1] - speed[0]) / (max_steps * dt)", "steps == max_steps", KNOWN)

    assert checked.parameters == ("speed", "max_steps", "dt", "steps")
    assert checked.kind == "metric"


def test_a_metric_may_compare_with_any_text() -> None:
    # Python cannot write this tree as text again: control characters cannot be escaped inside an f-string.
    assert check_metric("1.0", "f\"{'\x7f'}\" == 'a'", KNOWN).parameters == ()


def test_faults_of_both_expressions_of_a_metric_are_reported() -> None:
    with pytest.raises(RewardRejected) as caught:
        check_metric("sped[-1]", "open('x')", KNOWN)

    first, second = caught.value.faults
    assert first.message.startswith("in score: sped is not defined; did you mean speed")
    assert second.message.startswith("in success: open is not there")
