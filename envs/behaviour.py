"""Plays the reference policies that travel with the package: trained behaviour for recordings, in NumPy alone.

Each was trained on the environment's own reward by `python -m service.training.references`. Its file is a policy file
with a second document in its metadata that says how it was trained.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import load

from envs.card import EnvCard
from envs.policy_file import policy_header
from envs.variables import Floats, Layout

POLICIES = Path(__file__).parent / "policies"
_CLIP = 10.0


@dataclass(frozen=True)
class ReferencePolicy:
    """A tanh network and how it sees: layers of (weights `[in, out]`, bias `[out]`), `mean` and `variance` `[D]`, `log_std` `[A]`.

    All float32. `steps` are the environment steps it was trained for.
    """

    layers: tuple[tuple[Floats, Floats], ...]
    mean: Floats
    variance: Floats
    log_std: Floats
    steps: int

    def act(self, observations: Floats) -> Floats:
        """Deterministic actions `[N, A]` for what the policy sees `[N, D]`, before clipping to the bounds."""
        x = np.clip((observations - self.mean) / np.sqrt(self.variance + np.float32(1e-8)), -_CLIP, _CLIP)
        for weights, bias in self.layers[:-1]:
            x = np.tanh(x @ weights + bias)
        weights, bias = self.layers[-1]
        actions: Floats = x @ weights + bias
        return actions


def policy_path(card: EnvCard, folder: Path = POLICIES) -> Path:
    """Where the reference policy of a card lies, if there is one."""
    return folder / f"{card.id.replace('/', '__')}.safetensors"


def reference_policy(layout: Layout, folder: Path = POLICIES) -> ReferencePolicy | None:
    """The reference policy of a layout's card, None where none travels with the package.

    Raises `CardMismatch` where the file was made for another environment, observation or number of actuators, `PolicyInvalid`
    where it is no policy file.
    """
    card = layout.card
    path = policy_path(card, folder)
    if not path.exists():
        return None
    data = path.read_bytes()
    header = policy_header(data)
    header.check(layout, f"train it again with python -m service.training.references {card.id}")
    tensors: dict[str, Floats] = load(data)
    depth = sum(name.endswith(".weight") for name in tensors)
    layers = tuple((tensors[f"policy.{i}.weight"], tensors[f"policy.{i}.bias"]) for i in range(depth))
    return ReferencePolicy(
        layers,
        tensors["observation.mean"],
        tensors["observation.variance"],
        tensors["policy.log_std"],
        int(json.loads(header.metadata["training"])["steps"]),
    )
