"""The exported wrapper reads every kind of source as training does."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from envs.card import EnvCard, Kinematics, Variable, card
from envs.engines.gymnasium import GymnasiumEngine
from envs.rollout import Collector
from envs.variables import Layout
from service.export.wrapper_file import wrapper_file

ADDED = {
    "ankle_position": ("position(geom left_ankle_geom)", 3, "m"),
    "leg_orientation": ("orientation(body front_left_leg)", 4, "quaternion (w, x, y, z)"),
    "ankle_clearance": ("clearance(geom left_ankle_geom)", 0, "m"),
    "ankle_contact": ("contact(geom left_ankle_geom)", 0, "1"),
    "turned": ("turns(obs[3:7], z)", 0, "turns"),
}
REWARD = f"""
import numpy as np

def compute_reward({", ".join(ADDED)}, prev_ankle_clearance):
    parts = [ankle_position, leg_orientation, ankle_clearance[:, None], ankle_contact[:, None], turned[:, None]]
    every = np.concatenate([*parts, prev_ankle_clearance[:, None]], axis=1)[0]
    return np.sum(every), {{f"part_{{i}}": value for i, value in enumerate(every)}}
"""
STEPS = 60


def ant() -> EnvCard:
    """The ant with variables from every kind of source, in episodes that nothing ends early."""
    ours = card("Ant-lie-down")
    added = tuple(
        Variable(name=name, size=size, unit=unit, role="position", source=source, about="A test's own variable.")  # type: ignore[arg-type]
        for name, (source, size, unit) in ADDED.items()
    )
    return ours.model_copy(
        update={"variables": (*ours.variables, *added), "kinematics": Kinematics(positions=("obs[0:15]",))}
    )


def wrapper(folder: Path, ours: EnvCard) -> ModuleType:
    (folder / "reward.py").write_text(REWARD, encoding="utf-8")
    path = folder / "wrapper.py"
    path.write_text(wrapper_file(ours), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("exported_wrapper", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_poses_contacts_and_turns_are_what_training_sees(tmp_path: Path) -> None:
    ours, random = ant(), np.random.default_rng(3)
    torques = random.uniform(-1, 1, (STEPS, 1, 8)).astype(np.float32)
    layout = Layout(ours)
    engine = GymnasiumEngine(layout, [5])
    frames = Collector(engine, layout).collect(STEPS, lambda t, _: torques[t]).transitions.frames[:, 0]
    engine.close()
    seen = layout.values(ADDED, frames)
    before = seen["ankle_clearance"][:-1]
    expected = np.concatenate([*(seen[name][1:].reshape(STEPS, -1) for name in ADDED), before[:, None]], axis=1)

    env = wrapper(tmp_path, ours).make()
    env.reset(seed=5)
    infos = [env.step(torques[t, 0])[4]["reward_components"] for t in range(STEPS)]
    env.close()
    found = np.array([list(components.values()) for components in infos])
    np.testing.assert_allclose(found, expected, atol=2e-6)
    assert np.ptp(expected, axis=0) == pytest.approx(np.ptp(found, axis=0), abs=1e-5)
    assert (np.ptp(expected, axis=0) > 0).all()


def test_a_card_that_asks_for_nothing_of_the_kind_has_a_wrapper_without_it() -> None:
    code = wrapper_file(card("HalfCheetah-v5").model_copy(update={"variables": card("HalfCheetah-v5").variables[:3]}))
    assert "mujoco" not in code.replace("MuJoCo", "")
    assert "turns" not in code
