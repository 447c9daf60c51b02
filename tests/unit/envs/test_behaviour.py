"""The reference policies that travel with the package, and how they act."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from envs.behaviour import POLICIES, ReferencePolicy, policy_path, reference_policy
from envs.card import card, cards
from envs.errors import CardMismatch
from envs.policy_file import FORMAT
from envs.variables import Layout
from tests.representatives import WITH_POLICY

HOPPER = card("Hopper-v5")


def written(folder: Path, environment: str = "Hopper-v5", size: int = 11, actuators: int = 3) -> Path:
    """A policy file of one layer, as training writes them."""
    folder.mkdir(exist_ok=True)
    tensors = {
        "policy.0.weight": np.ones((size, actuators), np.float32),
        "policy.0.bias": np.zeros(actuators, np.float32),
        "observation.mean": np.zeros(size, np.float32),
        "observation.variance": np.ones(size, np.float32),
        "policy.log_std": np.zeros(actuators, np.float32),
    }
    policy = {"format": FORMAT, "environment": environment, "observation": ["obs[1:12]"]}
    path = policy_path(HOPPER, folder)
    save_file(tensors, path, {"policy": json.dumps(policy), "training": json.dumps({"steps": 7})})
    return path


@pytest.mark.parametrize("name", WITH_POLICY)
def test_every_policy_is_small_and_says_how_it_was_trained(name: str) -> None:
    path = policy_path(card(name))
    assert path.stat().st_size <= 60_000
    with safe_open(path, framework="np") as file:
        trained = json.loads(file.metadata()["training"])
    assert (trained["environment"], trained["reward"], trained["seed"]) == (name, "human", 0)
    assert trained["steps"] >= 500_000
    assert set(trained["versions"]) == {"rewardsmith", "envpool", "jax", "mujoco", "numpy"}
    assert trained["fitness"]["metric"] == card(name).metrics[0].name


def test_no_policy_travels_without_its_card() -> None:
    assert set(POLICIES.iterdir()) <= {policy_path(known) for known in cards().values()}


@pytest.mark.parametrize("name", WITH_POLICY)
def test_a_policy_acts_for_every_environment_of_a_batch(name: str) -> None:
    layout = Layout(card(name))
    policy = reference_policy(layout)
    assert policy is not None
    observations = np.random.default_rng(0).normal(size=(5, len(layout.policy_columns))).astype(np.float32)

    actions = policy.act(observations)
    assert actions.shape == (5, card(name).action.size)
    assert actions.dtype == np.float32
    np.testing.assert_allclose(policy.act(observations[2:3]), actions[2:3], rtol=1e-4, atol=1e-5)


def test_actions_are_those_of_a_tanh_network_on_clipped_standard_deviations() -> None:
    def array(*values: float) -> np.ndarray:
        return np.array(values, np.float32)

    hidden = (np.array([[1.0]], np.float32), array(0.5))
    output = (np.array([[2.0]], np.float32), array(-1.0))
    policy = ReferencePolicy((hidden, output), array(1.0), array(4.0), array(0.0), 1)

    # (3 - 1) / 2 = 1, tanh(1 + 0.5) = 0.905148, doubled and less 1; far out it is clipped to 10, where tanh is 1.
    np.testing.assert_allclose(policy.act(np.array([[3.0], [1e9]], np.float32)), [[0.810296], [1.0]], rtol=1e-5)


def test_a_card_without_a_policy_has_none(tmp_path: Path) -> None:
    assert reference_policy(Layout(HOPPER), tmp_path) is None


def test_a_policy_is_read_back(tmp_path: Path) -> None:
    written(tmp_path)
    policy = reference_policy(Layout(HOPPER), tmp_path)
    assert policy is not None
    assert policy.steps == 7
    assert policy.act(np.ones((1, 11), np.float32)) == pytest.approx(11.0)


@pytest.mark.parametrize(
    ("change", "told"),
    [({"environment": "Ant"}, "'Ant'"), ({"size": 10}, "10, 3"), ({"actuators": 2}, "11, 2")],
)
def test_a_policy_of_something_else_is_refused_with_both(tmp_path: Path, change: dict[str, str], told: str) -> None:
    written(tmp_path, **change)  # type: ignore[arg-type]
    with pytest.raises(CardMismatch, match=r"'Hopper-v5', \['obs\[1:12\]'\], 11, 3\)") as caught:
        reference_policy(Layout(HOPPER), tmp_path)
    assert told in str(caught.value)
    assert "python -m service.training.references Hopper-v5" in str(caught.value)


def test_the_name_of_a_card_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    hostile = HOPPER.model_copy(update={"id": "a/../../b"})
    assert policy_path(hostile, tmp_path).parent == tmp_path
