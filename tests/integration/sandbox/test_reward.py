"""A reward in its own process computes what it computes in ours, and every way to fail has its own exception."""

import pickle

import numpy as np
import pytest
from numpy.typing import NDArray

from sandbox import (
    Limits,
    RewardFault,
    RewardKilled,
    RewardMisshapen,
    RewardRaised,
    RewardTimeout,
    SandboxedMetric,
    SandboxedReward,
    check_metric,
    check_reward,
    check_step_expression,
    self_check,
)

Arrays = dict[str, NDArray[np.float32]]

SIZES = {"speed": 0, "height": 0, "action": 3}
ROWS = 512
HOPPER = """
WEIGHTS = {"progress": 1.0, "upright": 0.5, "effort": -0.01}

def bell(x, width=0.2):
    return np.exp(-np.square(x / width))

def compute_reward(speed, height, action):
    parts = {"progress": speed, "upright": bell(height - 1.25), "effort": np.sum(np.square(action), axis=-1)}
    return sum(WEIGHTS[name] * part for name, part in parts.items()), parts
"""


def transitions(rows: int = ROWS) -> Arrays:
    random = np.random.default_rng(7)
    return {name: random.normal(size=(rows, size) if size else rows).astype(np.float32) for name, size in SIZES.items()}


def reward(source: str, limits: Limits = Limits(), rows: int = ROWS) -> SandboxedReward:  # noqa: B008
    return SandboxedReward(check_reward(source, SIZES), SIZES, rows, limits)


def returning(result: str, *before: str) -> str:
    return "def compute_reward(speed, height, action):\n" + "".join(
        f"    {line}\n" for line in (*before, f"return {result}")
    )


def test_a_reward_computes_bit_for_bit_what_it_computes_in_this_process() -> None:
    inputs = transitions()
    names: dict[str, object] = {"np": np}
    exec(HOPPER, names)
    function = names["compute_reward"]
    assert callable(function)
    total, parts = function(**inputs)

    with reward(HOPPER) as confined:
        assert confined.component_names is None
        batch = confined(inputs)

    assert np.array_equal(batch.total, total.astype(np.float32))
    assert list(batch.components) == ["progress", "upright", "effort"] == list(confined.component_names or ())
    assert all(np.array_equal(batch.components[name], parts[name]) for name in parts)
    assert all(array.dtype == np.float32 and array.shape == (ROWS,) for array in batch.components.values())


def test_batches_of_any_size_up_to_the_largest_are_computed() -> None:
    inputs = transitions()
    with reward(HOPPER) as confined:
        whole = confined(inputs).total
        for rows in (1, 7, ROWS):
            part = confined({name: array[:rows] for name, array in inputs.items()}).total
            np.testing.assert_allclose(part, whole[:rows], rtol=1e-6)
        with pytest.raises(ValueError, match="1 to 512 rows"):
            confined(transitions(ROWS + 1))


def test_one_number_is_spread_over_the_batch_and_said_so() -> None:
    with reward(returning("speed, {'speed': speed, 'alive': 1.5}")) as confined:
        batch = confined(transitions())

    assert batch.broadcast == {"alive"}
    assert np.array_equal(batch.components["alive"], np.full(ROWS, 1.5, np.float32))


def test_components_keep_the_order_of_the_first_call() -> None:
    swapping = returning(
        "speed, ({'a': speed, 'b': height} if len(speed) > 5 else {'b': height, 'a': speed})",
    )
    inputs = transitions()
    with reward(swapping) as confined:
        confined(inputs)
        few = {name: array[:3] for name, array in inputs.items()}
        batch = confined(few)

    assert list(batch.components) == ["a", "b"]
    assert np.array_equal(batch.components["a"], few["speed"])


MISSHAPEN = {
    "one value": (("result = speed",), "result", "expected a tuple of 2"),
    "components as a list": (("parts = [speed]",), "speed, parts", "components as a dict, got a list"),
    "no components": (("parts = dict()",), "speed, parts", "1 to 16 components, got 0"),
    "a column": ((), "speed[:, None], {'s': speed}", r"the total: expected shape \(512,\), got \(512, 1\); drop"),
    "a vector": ((), "speed, {'a': action}", r"'a': expected shape \(512,\), got \(512, 3\); reduce the last axis"),
    "a table": ((), "speed + speed[:, None], {'s': speed}", r"got \(512, 512\); a \(B,\) met a \(B, 1\)"),
    "text": ((), "speed, {'s': 'fast'}", "expected numbers, got a str"),
    "complex numbers": (
        (),
        "speed, {'s': speed ** (0.5 + 0 * np.sqrt(np.array(-1 + 0.0)).astype('complex64'))}",
        "complex",
    ),
    "a name with a space": ((), "speed, {'top speed': speed}", "component name 'top speed' is not allowed"),
    "a number as a name": ((), "speed, {1: speed}", "expected text as the name of a component, got a int"),
    "an endless name": ((), "speed, {'a' * 65: speed}", "at most 64"),
}


@pytest.mark.parametrize(("before", "result", "message"), MISSHAPEN.values(), ids=MISSHAPEN.keys())
def test_a_result_of_the_wrong_shape_is_refused_with_expected_and_actual(
    before: tuple[str, ...], result: str, message: str
) -> None:
    with reward(returning(result, *before)) as confined, pytest.raises(RewardMisshapen, match=message):
        confined(transitions())


def test_a_value_that_is_not_finite_is_shown_with_its_row_and_inputs() -> None:
    inputs = transitions()
    inputs["height"] = np.abs(inputs["height"]) + 1.0
    inputs["height"][41] = 0.0
    with reward(returning("speed, {'s': speed, 'log': np.log(height)}")) as confined:
        with pytest.raises(
            RewardMisshapen, match=r"'log'.*got -inf in 1 of 512 rows, first in row 41, where .*height=0"
        ):
            confined(inputs)
        inputs["height"][41] = 1.0
        assert np.isfinite(confined(inputs).total).all()


def test_an_overflow_of_float32_is_not_finite() -> None:
    with (
        reward(returning("speed * 0 + 1e39, {'s': speed}")) as confined,
        pytest.raises(RewardMisshapen, match="got inf"),
    ):
        confined(transitions())


def test_names_of_components_may_not_change_between_calls() -> None:
    with reward(returning("speed, {f'c{len(speed)}': speed}")) as confined:
        confined(transitions())
        with pytest.raises(RewardMisshapen, match="first c512, then c3"):
            confined({name: array[:3] for name, array in transitions().items()})


RAISED = {
    "a condition on an array": (("x = 1 if speed > 0 else 2",), "ValueError", "np.where"),
    "in-place on an input": (("speed += 1.0",), "ValueError", "inputs must not be changed"),
    "math on an array": (("x = math.exp(speed)",), "TypeError", "np.exp"),
    "axes that do not meet": (("x = speed * action",), "ValueError", "speed|axis"),
    "a missing key": (("x = {'a': 1}['b']",), "KeyError", "b"),
    "endless recursion": (("f = lambda x: f(x)", "f(1)"), "RecursionError", "recursion"),
}


@pytest.mark.parametrize(("lines", "kind", "hint"), RAISED.values(), ids=RAISED.keys())
def test_an_exception_comes_back_with_its_kind_line_and_what_to_write(
    lines: tuple[str, ...], kind: str, hint: str
) -> None:
    with reward(returning("speed, {'s': speed}", *lines)) as confined:
        with pytest.raises(RewardRaised, match=hint) as caught:
            confined(transitions())
        with pytest.raises(RewardRaised):
            confined(transitions())

    assert caught.value.kind == kind
    assert caught.value.line in (2, 3)


def test_an_exception_at_module_level_comes_at_opening() -> None:
    with pytest.raises(RewardRaised, match="ZeroDivisionError in line 1"):
        reward("X = 1 / 0\n" + returning("speed, {'s': speed}")).open()


def test_text_of_an_exception_is_bounded_and_printable() -> None:
    source = returning("speed, {'s': speed}", "assert False, '\\x1b[31m\\n<script>' + 'x' * 10000")
    with reward(source) as confined, pytest.raises(RewardRaised) as caught:
        confined(transitions())

    assert len(str(caught.value)) < 800
    assert str(caught.value).isprintable()


def test_a_runaway_is_killed_at_its_deadline_and_the_reward_beside_it_goes_on() -> None:
    limits = Limits(call_seconds=0.3)
    with reward(HOPPER) as beside, reward(returning("speed, {'s': speed}", "x = 10**10**8"), limits) as runaway:
        before = beside(transitions()).total
        with pytest.raises(RewardTimeout, match=r"no answer within 0\.3 s"):
            runaway(transitions())
        with pytest.raises(RewardTimeout):
            runaway(transitions())
        assert np.array_equal(beside(transitions()).total, before)


WARNING = {
    "an empty mean": "y = np.mean(speed[:0])",
    "a mean of nothing but NaN": "y = np.nanmean(np.full(3, np.nan))",
    "a poor fit": "y = np.polyfit(np.ones(4), np.ones(4), 2)",
    "a warning asked for": "with np.errstate(divide='warn'): y = 1.0 / (0.0 * speed)",
    "a comparison that the compiler doubts": "y = 1 is 1",
}


@pytest.mark.parametrize("line", WARNING.values(), ids=WARNING.keys())
def test_what_only_warns_elsewhere_is_computed(line: str) -> None:
    with reward(returning("speed, {'s': speed}", line)) as confined:
        assert np.array_equal(confined(transitions()).total, transitions()["speed"])


UNSET = {
    "a ufunc": "y = np.sqrt(speed, where=speed > 0)",
    "a ufunc with no real out": "y = np.sqrt(speed, None, where=speed > 0)",
    "a ufunc under another name": "f = np.sqrt; y = f(speed, **{'where': speed > 0})",
    "a clip": "y = np.clip(speed, 0.0, 1.0, where=speed > 0)",
    "a ufunc with one out of two": "y = np.modf(speed, np.zeros_like(speed), where=speed > 0)[1]",
    "a ufunc with no out at all": "y = np.add(speed, 1.0, out=(), where=speed > 0)",
    "a padding": "y = np.pad(speed, 1, mode='em' + 'pty')",
    "a padding by a function": "y = np.pad(speed, 1, lambda *given: None)",
}


@pytest.mark.parametrize("line", UNSET.values(), ids=UNSET.keys())
def test_no_function_shows_what_lay_in_memory_before(line: str) -> None:
    with (
        reward(returning("speed, {'s': speed}", line)) as confined,
        pytest.raises(RewardRaised, match=r"np\.zeros_like\(a\)|such as .edge."),
    ):
        confined(transitions())


OTHER_ELEMENTS = {
    "records with gaps": "y = np.zeros(4, {'names': ['a'], 'formats': ['f8'], 'offsets': [8], 'itemsize': 24})",
    "records by a method": "y = speed.astype([('a', 'f4'), ('b', 'f4')])",
    "records by a method, called later": "f = speed.astype; y = f({'names': ['a'], 'formats': ['f4'], 'itemsize': 64})",
    "bytes": "y = np.zeros(1, 'V1').tolist()",
    "texts of bytes": "y = np.asarray(['a'], dtype='S')",
    "addresses of objects": "y = np.array([speed, None], dtype='O')",
    "addresses from a ufunc": "y = np.add(speed, speed, dtype='O')",
    "dates": "y = np.array('now', dtype='M8[s]')",
}


@pytest.mark.parametrize("line", OTHER_ELEMENTS.values(), ids=OTHER_ELEMENTS.keys())
def test_an_array_of_something_else_than_numbers_cannot_be_made(line: str) -> None:
    with (
        reward(returning("speed, {'s': speed}", line)) as confined,
        pytest.raises(
            RewardRaised, match=r"expected an array of numbers, got dtype .* give float, int or bool as dtype"
        ),
    ):
        confined(transitions())


def test_the_method_astype_is_what_it_is_elsewhere() -> None:
    lines = ("y = (speed > 0).astype(np.float32)", "f = speed.astype", "z = f(dtype='int32').astype(float, copy=False)")
    with reward(returning("y + z, {'y': y, 'z': z}", *lines)) as confined:
        speed = transitions()["speed"]
        expected = {"y": (speed > 0).astype(np.float32), "z": speed.astype(np.int32).astype(np.float32)}
        for name, values in confined(transitions()).components.items():
            assert np.array_equal(values, expected[name])


def test_where_with_out_is_computed_and_an_error_of_numpy_is_told_as_elsewhere() -> None:
    whole = "y = np.divide(1.0, speed, out=np.zeros_like(speed), where=speed != 0)"
    with reward(returning("y, {'y': y}", whole)) as confined:
        assert np.isfinite(confined(transitions()).total).all()
    # NumPy imports the class of this exception where it raises it.
    with (
        reward(returning("speed, {'s': speed}", "y = np.bincount(speed)")) as confined,
        pytest.raises(RewardRaised, match="TypeError in line 2: Cannot cast array data"),
    ):
        confined(transitions())


def test_many_calls_that_are_each_on_time_are_stopped_at_the_processor_time_of_the_reward() -> None:
    source = returning("speed, {'s': speed}", "x = sum(i for i in range(10**6))")
    with (
        reward(source, Limits(cpu_seconds=1)) as slow,
        pytest.raises(RewardTimeout, match="its 1 s of processor time, over all its calls"),
    ):
        # A call takes from 20 ms on a fast machine to 1 s on a very busy one.
        [slow(transitions()) for _ in range(200)]


MEMORY = {
    "one enormous array": "x = np.zeros(10**10)",
    "one enormous list": "x = [0] * 10**9",
    "one enormous text": "x = f'{1:999999999}'",
    "many arrays": "x = [np.ones(10**6) for i in range(10**6)]",
}


@pytest.mark.parametrize("line", MEMORY.values(), ids=MEMORY.keys())
def test_a_memory_bomb_is_stopped_at_the_limit(line: str) -> None:
    bomb = reward(returning("speed, {'s': speed}", line), Limits(memory_mib=128))
    with bomb:
        for _ in range(2):
            with pytest.raises(RewardKilled, match=r"memory|128 MiB"):
                bomb(transitions())


def test_a_reward_that_was_refused_memory_once_is_gone() -> None:
    lines = ("KEPT.append(1)", "x = np.zeros(10**10 if len(KEPT) == 1 else 1)")
    once = reward("KEPT = []\n" + returning("speed, {'s': speed}", *lines), Limits(memory_mib=128))
    with once:
        for _ in range(2):
            with pytest.raises(RewardKilled, match="the code needs more than 128 MiB of memory"):
                once(transitions())


def test_a_runaway_at_module_level_is_killed_at_the_deadline_of_the_start() -> None:
    source = "X = sum(i for i in range(10**12))\n" + returning("speed, {'s': speed}")
    with pytest.raises(RewardTimeout):
        reward(source, Limits(start_seconds=0.5)).open()


@pytest.mark.parametrize(
    "error",
    [RewardRaised("ValueError", "x", 3), RewardTimeout("late"), RewardKilled("dead"), RewardMisshapen("odd")],
    ids=lambda error: type(error).__name__,
)
def test_a_fault_survives_pickling(error: RewardFault) -> None:
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_a_checked_reward_travels_between_processes() -> None:
    checked = pickle.loads(pickle.dumps(check_reward(HOPPER, SIZES)))

    with SandboxedReward(checked, SIZES, ROWS) as confined:
        assert confined(transitions()).total.shape == (ROWS,)


def test_a_step_expression_runs_as_a_reward() -> None:
    inputs = transitions()
    with SandboxedReward(check_step_expression("speed > 0.5", SIZES), SIZES, ROWS) as confined:
        batch = confined(inputs)

    assert np.array_equal(batch.components["sparse"], (inputs["speed"] > 0.5).astype(np.float32))


def test_a_metric_judges_one_episode_after_the_other() -> None:
    checked = check_metric("(speed[-1] - speed[0]) / (max_steps * dt)", "steps == max_steps and speed[-1] > 2.0", SIZES)
    long = {"speed": np.array([1.0, 2.0, 3.0, 5.0], np.float32)}
    short = {"speed": np.array([1.0, 3.0], np.float32)}

    with SandboxedMetric(checked, SIZES, 10) as metric:
        # (5 - 1) / (4 * 0.5) = 2; (3 - 1) / 2 = 1, and it fell after 2 of 4 steps.
        first, second = metric(long, 4, 4, 0.5), metric(short, 2, 4, 0.5)

    assert (first.score, first.success) == (2.0, True)
    assert (second.score, second.success) == (1.0, False)


def test_a_metric_that_is_no_number_is_refused() -> None:
    episode = {"speed": np.ones(4, np.float32)}
    whole = SandboxedMetric(check_metric("speed", "True", SIZES), SIZES, 10)
    with whole, pytest.raises(RewardMisshapen, match="score: expected one number"):
        whole(episode, 4, 4, 0.5)
    infinite = SandboxedMetric(check_metric("np.log(speed[0] - 1)", "True", SIZES), SIZES, 10)
    with infinite, pytest.raises(RewardMisshapen, match="finite"):
        infinite(episode, 4, 4, 0.5)


def test_the_sandbox_can_check_itself() -> None:
    found = self_check()

    assert found.seccomp
    assert 0.0 < found.round_trip_ms < 1000.0
