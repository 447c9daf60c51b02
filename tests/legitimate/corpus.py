"""Rewards as language models and engineers write them, and transitions to run them on; NumPy alone is needed.

Each file of `rewards/<card>/` is the text of one reward, byte for byte as it would arrive: its folder names the card whose
variables it asks for, its name the habit of writing it stands for. None may be reformatted.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

_FOLDER: Final = Path(__file__).parent / "rewards"
_STEP_SECONDS: Final = {"half_cheetah": 0.05, "ant_lies_down": 0.05, "fetch_reach": 0.04}
_HOPPER: Final = {
    "x_position": 0,
    "forward_velocity": 0,
    "vertical_velocity": 0,
    "torso_height": 0,
    "torso_angle": 0,
    "torso_angular_velocity": 0,
    "thigh_angle": 0,
    "leg_angle": 0,
    "foot_angle": 0,
    "joint_velocities": 3,
}
_VARIABLES: Final[Mapping[str, Mapping[str, int]]] = {
    "hopper": _HOPPER,
    "hopper_backflip": _HOPPER,
    "half_cheetah": {
        "x_position": 0,
        "forward_velocity": 0,
        "vertical_velocity": 0,
        "torso_height": 0,
        "torso_angle": 0,
        "torso_angular_velocity": 0,
        "back_leg_angles": 3,
        "front_leg_angles": 3,
        "joint_velocities": 6,
    },
    "ant_lies_down": {
        "torso_position": 2,
        "torso_height": 0,
        "torso_orientation": 4,
        "joint_angles": 8,
        "torso_velocity": 3,
        "torso_angular_velocity": 3,
        "joint_velocities": 8,
    },
    "fetch_reach": {"gripper_position": 3, "goal": 3, "finger_positions": 2, "gripper_velocity": 3},
}
_ACTIONS: Final = {"hopper": 3, "hopper_backflip": 3, "half_cheetah": 6, "ant_lies_down": 8, "fetch_reach": 4}

KNOWN: Final[Mapping[str, Mapping[str, int]]] = {
    card: {
        **variables,
        **{f"prev_{name}": size for name, size in variables.items()},
        "action": _ACTIONS[card],
        "prev_action": _ACTIONS[card],
        "time": 0,
        "terminated": 0,
    }
    for card, variables in _VARIABLES.items()
}
"""Card -> every name a reward for it may ask for -> size (0: a scalar per transition)."""


@dataclass(frozen=True)
class LegitimateReward:
    """One reward that must be accepted: `card` and `habit` are its place, `source` is its text."""

    card: str
    habit: str
    source: str

    def __str__(self) -> str:
        return f"{self.card}/{self.habit}"


def _read(file: Path) -> LegitimateReward:
    # As bytes: reading text would turn Windows line ends into others.
    return LegitimateReward(file.parent.name, file.stem, file.read_bytes().decode())


REWARDS: Final = tuple(_read(file) for file in sorted(_FOLDER.glob("*/*.py")))


def in_process(source: str) -> Callable[..., tuple[object, dict[str, object]]]:
    """The function that plain Python, with the whole of NumPy, makes of a text that is trusted."""
    names: dict[str, object] = {"np": np, "math": math}
    with warnings.catch_warnings():
        # A stray backslash in a docstring is a warning to Python and nothing to its reader.
        warnings.simplefilter("ignore")
        code = compile(source, "<trusted>", "exec", dont_inherit=True)
    exec(code, names)
    function = names["compute_reward"]
    assert callable(function)
    return function


def transitions(card: str, rows: int, seed: int = 7) -> dict[str, Array]:
    """Synthetic transitions of a card: every known name -> (B,) or (B, n) float32 of about the size the engine gives."""
    random = np.random.default_rng(seed)
    made: dict[str, NDArray[np.floating]] = {}
    for name, size in _VARIABLES[card].items():
        made[f"prev_{name}"] = _values(random, name, card, (rows, size) if size else (rows,))
        made[name] = made[f"prev_{name}"] + random.normal(0.0, 0.02, made[f"prev_{name}"].shape)
    for name in ("torso_orientation", "prev_torso_orientation"):
        if name in made:
            made[name] /= np.linalg.norm(made[name], axis=-1, keepdims=True)
    if "goal" in made:
        made["goal"] = made["prev_goal"]
    for name in ("action", "prev_action"):
        made[name] = random.uniform(-1.0, 1.0, (rows, _ACTIONS[card]))
    made["time"] = random.integers(1, 1000, rows).astype(np.float64) * _STEP_SECONDS.get(card, 0.008)
    made["terminated"] = (random.uniform(size=rows) < 0.01).astype(np.float64)
    return {name: array.astype(np.float32) for name, array in made.items()}


def _values(random: np.random.Generator, name: str, card: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
    if name == "torso_height":
        low, high = {"half_cheetah": (-0.6, 0.4), "ant_lies_down": (0.2, 0.8)}.get(card, (0.1, 1.8))
        return random.uniform(low, high, shape)
    if name in ("gripper_position", "goal"):
        return np.array([1.3, 0.75, 0.55]) + random.uniform(-0.25, 0.25, shape)
    if name in ("finger_positions", "gripper_velocity"):
        return (
            np.abs(random.normal(0.0, 0.02, shape)) if name == "finger_positions" else random.normal(0.0, 0.02, shape)
        )
    if name == "torso_angle":
        return random.normal(
            -1.0 if card == "hopper_backflip" else 0.0, 2.0 if card == "hopper_backflip" else 0.3, shape
        )
    if "angular" in name or name == "joint_velocities":
        return np.clip(random.normal(0.0, 4.0, shape), -10.0, 10.0)
    return random.normal(0.5 if name == "forward_velocity" else 0.0, 1.5, shape)
