"""Hyperparameters for each family of environments, where published tunings differ from the defaults."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from service.schema.search import PPOConfig, RunRequest

TUNINGS: Mapping[str, PPOConfig] = MappingProxyType(
    {
        "gymnasium-mujoco": PPOConfig(),
        # Episodes of 50 steps: a discount of 1 - 1/50, as in Plappert et al. 2018 (arXiv:1802.09464), appendix A.
        "gymnasium-robotics": PPOConfig(discount=0.98),
        # The discount that MuJoCo Playground trains its Panda arm with; of eight tunings the best in docs/benchmarks.md.
        "metaworld": PPOConfig(discount=0.97),
        # What MuJoCo Playground (Zakka et al. 2025, arXiv:2502.08844) trains its own versions of these environments with.
        "dm-control": PPOConfig(discount=0.995),
        "mujoco-playground": PPOConfig(discount=0.97, entropy_coefficient=0.01, max_gradient_norm=1.0),
    }
)
"""The tuning of each family that a card may name."""


def tuned(family: str, given: PPOConfig) -> PPOConfig:
    """The tuning of a family, with what was given in its place; what merely stands at its default was not given."""
    return TUNINGS[family].model_copy(update={name: getattr(given, name) for name in given.model_fields_set})


def tuned_request(family: str, request: RunRequest) -> RunRequest:
    """A request with every hyperparameter told, so that what is stored says how it was trained."""
    ppo = tuned(family, request.training.ppo)
    return request.model_copy(update={"training": request.training.model_copy(update={"ppo": ppo})})
