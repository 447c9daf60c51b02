"""The code that the grammar writes: readable, and worth what its terms say."""

from __future__ import annotations

import inspect
import math

import numpy as np
import pytest
from numpy.typing import NDArray

from envs.card import card
from service.llm.offline.fitness import fitness_variables
from service.llm.offline.genome import Genome, Term, mark, read_genome
from service.llm.offline.writing import write_source
from service.schema import Fitness


def value_of(term: Term, environment: str, **inputs: list[float] | list[list[float]]) -> float:
    """The one component of a reward of one term, for one transition."""
    namespace = {"np": np}
    exec(write_source(Genome(terms=(term,)), card(environment)), namespace)
    compute_reward = namespace["compute_reward"]
    arrays: dict[str, NDArray[np.float32]] = {name: np.array(rows, np.float32) for name, rows in inputs.items()}
    assert set(inspect.signature(compute_reward).parameters) == set(arrays)
    total, components = compute_reward(**arrays)
    assert list(components) == [term.component]
    assert total.shape == (1,)
    assert total.dtype == np.float32
    return float(components[term.component][0])


def term(signal: str, shape: str, variable: str, **more: float | str) -> Term:
    return Term.model_validate({"signal": signal, "shape": shape, "variable": variable, "weight": 2.0} | more)


def test_a_whole_reward_reads_well() -> None:
    genome = Genome(
        terms=(
            term("value", "linear", "forward_velocity", weight=1.5),
            term("value", "near", "torso_height", center=1.25, scale=0.2, weight=0.5),
            term("square", "linear", "action", weight=-0.01),
        )
    )
    assert write_source(genome, card("Hopper-v5")) == (
        f"{mark(genome)}\n"
        "# Composed by the offline designer's grammar; no language model was involved.\n"
        "def compute_reward(forward_velocity, torso_height, action):\n"
        "    # forward_velocity, in proportion\n"
        "    forward_velocity_linear = 1.5 * forward_velocity\n"
        "    # torso_height, most at 1.25, little further off than 0.2\n"
        "    torso_height_near = 0.5 * np.exp(-np.square((torso_height - 1.25) / 0.2))\n"
        "    # magnitude of action, in proportion\n"
        "    effort = -0.01 * np.sum(np.square(action), axis=-1)\n"
        "    total = forward_velocity_linear + torso_height_near + effort\n"
        "    return total, {\n"
        '        "forward_velocity_linear": forward_velocity_linear,\n'
        '        "torso_height_near": torso_height_near,\n'
        '        "effort": effort,\n'
        "    }\n"
    )


def test_a_genome_comes_back_out_of_its_source() -> None:
    genome = Genome(
        terms=(
            term("value", "near", "joint_velocities", entry=2, center=-1.5, scale=0.25),
            term("change", "linear", "action"),
        )
    )
    assert read_genome(write_source(genome, card("Hopper-v5")), card("Hopper-v5")) == genome


def test_each_shape_pays_as_it_says() -> None:
    height = {"torso_height": [1.5]}
    # All with weight 2: 2 * 1.5; 2 * 0.5; 2 * tanh(1.5 / 0.5); 2 * exp(-((1.5 - 1) / 0.5)^2); 2 * exp(-1.5 / 0.5).
    assert value_of(term("value", "linear", "torso_height"), "Hopper-v5", **height) == pytest.approx(3.0)
    assert value_of(term("value", "clipped", "torso_height", scale=0.5), "Hopper-v5", **height) == pytest.approx(1.0)
    assert value_of(term("value", "saturating", "torso_height", scale=0.5), "Hopper-v5", **height) == pytest.approx(
        2 * math.tanh(3)
    )
    assert value_of(
        term("value", "near", "torso_height", center=1.0, scale=0.5), "Hopper-v5", **height
    ) == pytest.approx(2 / math.e)
    assert value_of(term("value", "close", "torso_height", scale=0.5), "Hopper-v5", **height) == pytest.approx(
        2 * math.exp(-3)
    )


def test_each_signal_measures_as_it_says() -> None:
    # The hopper's step is 0.008 s: 2 * (0.5 - 0.1) / 0.008 = 100.
    rate = term("rate", "linear", "x_position")
    assert value_of(rate, "Hopper-v5", x_position=[0.5], prev_x_position=[0.1]) == pytest.approx(100.0, rel=1e-5)
    # 2 * tanh(50 / 25).
    soft = term("rate", "saturating", "x_position", scale=25.0)
    assert value_of(soft, "Hopper-v5", x_position=[0.5], prev_x_position=[0.1]) == pytest.approx(
        2 * math.tanh(2), rel=1e-5
    )
    # Squares summed over entries: 2 * (1 + 4 + 9); of the change: 2 * (1 + 0 + 4).
    actions = {"action": [[1.0, 2.0, 3.0]]}
    assert value_of(term("square", "linear", "action"), "Hopper-v5", **actions) == pytest.approx(28.0)
    change = term("change", "linear", "action")
    assert value_of(change, "Hopper-v5", **actions, prev_action=[[0.0, 2.0, 1.0]]) == pytest.approx(10.0)
    assert value_of(term("alive", "linear", "terminated"), "Hopper-v5", terminated=[1.0]) == 0.0
    assert (
        value_of(term("value", "linear", "joint_velocities", entry=1), "Hopper-v5", joint_velocities=[[1.0, 7.0, 2.0]])
        == 14.0
    )


def test_a_goal_is_measured_by_distance() -> None:
    here, there = {"gripper_position": [[3.0, 0.0, 0.0]]}, {"goal": [[0.0, 4.0, 0.0]]}
    gap = term("gap", "linear", "gripper_position", other="goal", weight=-1.0)
    assert value_of(gap, "FetchReach-v4", **here, **there) == pytest.approx(-5.0)
    close = term("gap", "close", "gripper_position", other="goal", scale=5.0)
    assert value_of(close, "FetchReach-v4", **here, **there) == pytest.approx(2 / math.e)
    # From distance 9 to distance 5 in one step of the card's dt.
    approach = term("approach", "linear", "gripper_position", other="goal", weight=1.0)
    before = {"prev_gripper_position": [[0.0, -5.0, 0.0]], "prev_goal": [[0.0, 4.0, 0.0]]}
    expected = (9.0 - 5.0) / card("FetchReach-v4").dt
    assert value_of(approach, "FetchReach-v4", **here, **there, **before) == pytest.approx(expected, rel=1e-5)


def test_names_of_two_long_variables_make_a_name_that_the_sandbox_takes() -> None:
    long = term("gap", "linear", "a" * 48, other="b" * 48)
    other = term("gap", "linear", "a" * 48, other="b" * 47)
    assert len(long.component) == len(other.component) == 64
    assert long.component != other.component


def test_the_fitness_is_read_for_the_variables_it_names() -> None:
    fitness = Fitness(name="f", score="np.max(torso_angle) + x_position[-1]", success="steps > 3 and wing_span > 1")
    assert fitness_variables(fitness, card("Hopper-v5")) == {"torso_angle", "x_position"}
    assert fitness_variables(Fitness(name="f", score="((", success="torso_height > 1"), card("Hopper-v5")) == {
        "torso_height"
    }
