"""What a policy file says of itself, and what is said of bytes that are none."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save

from envs.behaviour import policy_path
from envs.card import card
from envs.errors import CardMismatch, PolicyInvalid
from envs.policy_file import FORMAT, policy_header
from envs.variables import Layout

HOPPER = Layout(card("Hopper-v5"))
POLICY = policy_path(HOPPER.card).read_bytes()
HEADER = POLICY[: 8 + int.from_bytes(POLICY[:8], "little")].rstrip(b" ")


def test_a_header_names_environment_observation_and_sizes() -> None:
    header = policy_header(POLICY)
    assert (header.environment, header.observation) == ("Hopper-v5", ("obs[1:12]",))
    assert header.observation_size == 11
    assert header.layer_sizes == (64, 64, 3)
    assert json.loads(header.metadata["training"])["environment"] == "Hopper-v5"


def test_a_policy_fits_the_card_it_was_trained_with_and_no_other() -> None:
    policy_header(POLICY).check(HOPPER, "train another")
    with pytest.raises(
        CardMismatch, match=r"^Ant-v5: expected .*'Ant-v5'.* got one for .*'Hopper-v5'.*; train another$"
    ):
        policy_header(POLICY).check(Layout(card("Ant-v5")), "train another")


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | st.integers(0, len(HEADER) - 1).map(lambda end: HEADER[:end]))
def test_bytes_that_are_no_policy_file_are_refused(data: bytes) -> None:
    with pytest.raises(
        PolicyInvalid, match=f"^expected a policy file of format {FORMAT}, got {len(data)} other bytes$"
    ):
        policy_header(data)


@pytest.mark.parametrize("described", ["{}", "[]", "3", '{"format": "x", "environment": "y"}x'])
def test_other_safetensors_are_refused(described: str) -> None:
    with pytest.raises(PolicyInvalid, match="other bytes"):
        policy_header(save({"x": np.zeros(1)}, metadata={"policy": described}))


@pytest.mark.parametrize("tensor", ["observation.mean", "policy.1.bias", "policy.0.bias"])
def test_a_file_that_lacks_a_layer_or_the_mean_is_refused(tensor: str) -> None:
    described = json.dumps({"format": FORMAT, "environment": "Hopper-v5", "observation": ["obs[1:12]"]})
    with pytest.raises(PolicyInvalid, match="other bytes"):
        policy_header(save({tensor: np.zeros(1)}, metadata={"policy": described}))


def test_a_policy_of_another_format_is_refused_by_its_name() -> None:
    other = json.dumps({"format": "rewardsmith-policy-9", "environment": "Hopper-v5", "observation": []})
    with pytest.raises(PolicyInvalid, match="got rewardsmith-policy-9"):
        policy_header(save({"x": np.zeros(1)}, metadata={"policy": other}))
