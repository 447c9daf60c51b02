"""Hyperparameters of each family of environments, by published tunings, and of single ones, where they differ from the defaults."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from service.schema.search import PPOConfig, RunRequest, TrainingConfig

FAMILY_TUNINGS: Mapping[str, PPOConfig] = MappingProxyType(
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

ENVIRONMENT_TUNINGS: Mapping[str, PPOConfig] = MappingProxyType(
    {
        # With the noise that the others begin with, six seeds of eight end below 2,000 (docs/benchmarks.md). To begin with less is
        # what Andrychowicz et al. 2020 recommend (arXiv:2006.05990); RL Baselines3 Zoo's tuning of this one begins with -2.
        "HalfCheetah-v5": PPOConfig(initial_log_std=-0.7),
    }
)
"""What single environments have otherwise than their family."""


def tuned(environment: str, family: str, given: PPOConfig) -> PPOConfig:
    """The tuning of an environment, with what was given in its place; what merely stands at its default was not given."""
    return overlaid(FAMILY_TUNINGS[family], ENVIRONMENT_TUNINGS.get(environment, PPOConfig()), given)


def overlaid(*tunings: PPOConfig) -> PPOConfig:
    """The default with what each tuning says in turn: the last that says anything of a hyperparameter has it."""
    said = {name: getattr(tuning, name) for tuning in tunings for name in tuning.model_fields_set}
    return PPOConfig().model_copy(update=said)


def shipped_training(environment: str, family: str) -> TrainingConfig:
    """How candidates of an environment are trained where nothing is asked for."""
    return TrainingConfig(ppo=tuned(environment, family, PPOConfig()))


THE_DEFAULT = "the default ones"
"""How a tuning is told that differs in nothing from `PPOConfig()`."""


def in_words(tuning: PPOConfig) -> str:
    """What a tuning has otherwise than the default, such as `the default ones but discount 0.97`; `THE_DEFAULT` if nothing."""
    default = PPOConfig()
    names = [name for name in PPOConfig.model_fields if getattr(tuning, name) != getattr(default, name)]
    differing = ", ".join(f"{name} {getattr(tuning, name)}" for name in names)
    return f"{THE_DEFAULT} but {differing}" if differing else THE_DEFAULT


def tuned_request(family: str, request: RunRequest) -> RunRequest:
    """A request with every hyperparameter told, so that what is stored says how it was trained."""
    ppo = tuned(request.environment, family, request.training.ppo)
    return request.model_copy(update={"training": request.training.model_copy(update={"ppo": ppo})})
