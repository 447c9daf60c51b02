"""What the syntax layer lets through: the many ways in which sane rewards are written."""

import pytest

from sandbox import RewardRejected, check_metric, check_reward, check_step_expression

KNOWN = {
    "speed": 0,
    "height": 0,
    "prev_height": 0,
    "angle": 0,
    "time": 0,
    "terminated": 0,
    "goal": 3,
    "hand": 3,
    "action": 3,
    "prev_action": 3,
}

LEGITIMATE = {
    "plain": """
def compute_reward(speed):
    return speed, {"speed": speed}
""",
    "imports numpy and math": """
import math
import numpy as np

def compute_reward(speed, angle):
    r = speed * np.cos(angle) + math.pi
    return r, {"r": r}
""",
    "imports numpy under its own name": """
import numpy
def compute_reward(speed):
    r = numpy.tanh(speed)
    return r, {"r": r}
""",
    "imports single functions": """
from math import sqrt, pi
from numpy import exp, square
from numpy.linalg import norm
def compute_reward(goal, hand):
    d = norm(goal - hand, axis=-1)
    r = exp(-square(d)) / sqrt(2 * pi)
    return r, {"near": r}
""",
    "imports linalg as a module": """
from numpy import linalg as la
def compute_reward(goal, hand):
    d = la.norm(goal - hand, axis=1)
    return -d, {"distance": -d}
""",
    "type hints": """
from __future__ import annotations
from typing import Dict, Tuple
import numpy as np
import numpy.typing as npt

def compute_reward(speed: np.ndarray, height: npt.NDArray[np.float32]) -> Tuple[np.ndarray, Dict[str, np.ndarray]]:
    total: np.ndarray = speed + height
    bonus: float
    bonus = 1.0
    return total + bonus, {"total_": total}
""",
    "an alias of a type": """
from typing import Dict, Tuple
Out = Tuple[np.ndarray, Dict[str, np.ndarray]]
def compute_reward(speed) -> Out:
    return speed, {"speed": speed}
""",
    "docstrings and comments": '''
"""A reward for hopping."""

def compute_reward(speed):
    """Rewards speed.

    Nothing else.
    """
    # as fast as possible
    return speed, {"speed": speed}
''',
    "helper functions with defaults": """
def bell(x, centre=0.0, *, width=0.2):
    return np.exp(-((x - centre) / width) ** 2)

def compute_reward(height):
    r = bell(height, 1.25, width=0.3)
    return r, {"upright": r}
""",
    "constants and dictionaries of weights": """
WEIGHTS = {"speed": 1.0, "height": 0.5}
TARGET, SCALE = 1.25, [1.0, 2.0]
def compute_reward(speed, height):
    parts = {"speed": speed, "height": -np.abs(height - TARGET) * SCALE[0]}
    total = sum(WEIGHTS[k] * v for k, v in parts.items())
    return total, parts
""",
    "masked assignment": """
def compute_reward(speed, height):
    r = speed.copy()
    r[height < 0.7] = 0.0
    r[(height > 2.0) & ~(speed > 1)] *= 0.5
    return r, {"r": r}
""",
    "np.where and np.select": """
def compute_reward(speed, height):
    alive = np.where(height > 0.7, 1.0, 0.0)
    r = np.select([speed < 0, speed > 2], [np.zeros_like(speed), 2 * np.ones_like(speed)], default=speed)
    return r + alive, {"r": r, "alive": alive}
""",
    "method calls on arrays": """
def compute_reward(action, speed):
    effort = (action ** 2).sum(axis=-1)
    r = speed.clip(-1.0, 1.0).astype(np.float32) - 0.1 * effort.reshape(-1)
    return r, {"effort": -effort, "spread": action.std(axis=1), "largest": np.abs(action).max(axis=-1)}
""",
    "comprehensions and generators": """
def compute_reward(action):
    terms = [action[:, i] ** 2 for i in range(3)]
    parts = {f"joint_{i}": -term for i, term in enumerate(terms)}
    return sum(-t for t in terms), parts
""",
    "a for loop with break and else": """
def compute_reward(action):
    r = 0.0 * action[:, 0]
    for i in range(action.shape[1]):
        if i == 2:
            break
        r += action[:, i]
    else:
        r = r * 2
    return r, {"r": r}
""",
    "lambda and ternary": """
SHARP = True
def compute_reward(height):
    f = lambda x: np.exp(-x * (10 if SHARP else 1))
    r = f(np.abs(height))
    return r, dict(r=r)
""",
    "nested functions and closures": """
def compute_reward(height, speed):
    def shaped(x):
        return np.tanh(x * scale)
    scale = 2.0
    return shaped(height) + shaped(speed), {"a": shaped(height), "b": shaped(speed)}
""",
    "errstate": """
def compute_reward(speed):
    with np.errstate(divide="ignore", invalid="ignore"):
        r = np.nan_to_num(1.0 / speed, posinf=0.0, neginf=0.0)
    return r, {"r": r}
""",
    "walrus and starred": """
def compute_reward(goal, hand):
    if (weight := 2.0) > 1:
        weight = weight / 2
    d, *rest = [np.linalg.norm(goal - hand, axis=-1), 1, 2]
    return -weight * d, {**{"d": -d}}
""",
    "ufunc reductions": """
def compute_reward(speed, height, angle):
    worst = np.minimum.reduce([speed, height, angle])
    return worst, {"worst": worst}
""",
    "einsum and matmul": """
W = np.array([[1.0, 0.5, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 2.0]])
def compute_reward(action, goal):
    q = np.einsum("bi,ij,bj->b", action, W, action)
    p = ((goal @ W) * goal).sum(-1)
    return -q - p, {"q": -q, "p": -p}
""",
    "finfo, newaxis and constants": """
EPS = np.finfo(np.float32).eps
def compute_reward(goal, speed):
    r = goal / (np.linalg.norm(goal, axis=-1)[:, np.newaxis] + EPS)
    return r[:, 0] + speed * np.pi / math.tau, {"x": r[:, 0]}
""",
    "in-place on a local array": """
def compute_reward(speed, terminated):
    r = np.empty_like(speed)
    r[:] = speed
    r -= 10.0 * terminated
    return r, {"r": r}
""",
    "early return and assert": """
DEBUG = False
def compute_reward(speed, height):
    assert speed.shape == height.shape, "same batch"
    if DEBUG:
        return height, {"r": height}
    return speed, {"r": speed}
""",
    "names of the field": """
def compute_reward(height, prev_height, time, terminated, prev_action, action):
    _smooth = -np.sum(np.square(action - prev_action), axis=-1)
    progress = (height - prev_height) * (1 + time) - 5.0 * terminated
    return progress + _smooth, {"progress": progress, "smooth": _smooth}
""",
    "Greek names": """
def compute_reward(angle):
    θ = np.unwrap(angle[:, None], axis=-1)[:, 0]
    return np.cos(θ), {"upright": np.cos(θ)}
""",
    "components built step by step": """
def compute_reward(speed, height):
    components = {}
    components["speed"] = speed
    components.update({"height": height})
    for name in list(components.keys()):
        components[name] = np.clip(components[name], -1, 1)
    total = np.stack(list(components.values()), axis=0).sum(axis=0)
    return total, components
""",
    "a long sum": "def compute_reward(speed):\n    r = " + " + ".join(["speed"] * 80) + '\n    return r, {"r": r}\n',
    "the result in a variable": """
def compute_reward(speed):
    result = (speed, {"speed": speed})
    return result
""",
    "np.piecewise and vectors of booleans": """
def compute_reward(speed, goal):
    r = np.piecewise(speed, [speed < 0, speed >= 0], [lambda x: -x, lambda x: x * 2])
    near = np.all(np.abs(goal) < 0.1, axis=-1).astype(float)
    return r + near, {"r": r, "near": near}
""",
}


@pytest.mark.parametrize("source", LEGITIMATE.values(), ids=LEGITIMATE.keys())
def test_a_sane_reward_is_accepted(source: str) -> None:
    checked = check_reward(source, KNOWN)

    assert checked.parameters
    assert set(checked.parameters) <= set(KNOWN)


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
    assert "{'sparse': sparse}" in checked.source


def test_a_metric_knows_variables_and_the_length_of_the_episode() -> None:
    checked = check_metric("(speed[-1] - speed[0]) / (max_steps * dt)", "steps == max_steps", KNOWN)

    assert checked.parameters == ("speed", "max_steps", "dt", "steps")
    assert checked.kind == "metric"


def test_faults_of_both_expressions_of_a_metric_are_reported() -> None:
    with pytest.raises(RewardRejected) as caught:
        check_metric("sped[-1]", "open('x')", KNOWN)

    first, second = caught.value.faults
    assert first.message.startswith("in score: sped is not defined; did you mean speed")
    assert second.message.startswith("in success: open is not there")
