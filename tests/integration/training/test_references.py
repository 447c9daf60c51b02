"""Reference policies: trained by the shipped PPO, played without it."""

from __future__ import annotations

import json
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest
from safetensors import safe_open

from envs.behaviour import policy_path, reference_policy
from envs.card import card
from envs.variables import Layout
from service.training.moments import normalise
from service.training.networks import forward
from service.training.policy import load_actor
from service.training.references import main, train_reference
from tests.representatives import WITH_POLICY

HOPPER = card("Hopper-v5")


@pytest.mark.parametrize("name", WITH_POLICY)
def test_a_reference_policy_acts_in_numpy_as_it_acts_in_jax(name: str) -> None:
    layout = Layout(card(name))
    policy = reference_policy(layout)
    assert policy is not None
    actor = load_actor(policy_path(card(name)).read_bytes())
    noise = np.random.default_rng(0).normal(size=(64, len(layout.policy_columns)))
    seen = (policy.mean + noise * np.sqrt(policy.variance)).astype(np.float32)

    acted = forward(actor.layers, normalise(actor.mean, actor.variance, jnp.asarray(seen)))
    np.testing.assert_allclose(policy.act(seen), acted, rtol=1e-3, atol=1e-4)


def test_a_short_training_gives_a_policy_file_that_says_how_it_was_made(tmp_path: Path) -> None:
    # Two episodes of 1000 steps in each of 8 environments, in whole rollouts of 256: 8 * 8 * 256 steps.
    data = train_reference(HOPPER, 16_384, 3, 2)

    path = policy_path(HOPPER, tmp_path)
    path.write_bytes(data)
    policy = reference_policy(Layout(HOPPER), tmp_path)
    assert policy is not None
    assert policy.steps == 16_384
    with safe_open(path, framework="np") as file:
        trained = json.loads(file.metadata()["training"])
    assert trained["seed"] == 3
    assert np.isfinite(trained["fitness"]["score"])


def test_an_unknown_environment_is_refused_before_any_training(caplog: pytest.LogCaptureFixture) -> None:
    assert main(["Hoper-v5"]) == 1
    assert "did you mean Hopper-v5" in caplog.text
