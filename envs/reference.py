"""Makes a card's reference environment: the implementation of the same physics that people publish results on."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import cast

import gymnasium
import numpy as np
from numpy.typing import NDArray

from envs.card import EnvCard, Family, place_of
from envs.errors import CardMismatch, ReferenceUnavailable

Observation = NDArray[np.float64] | Mapping[str, NDArray[np.float64]]
Environment = gymnasium.Env[Observation, NDArray[np.float64]]
Argument = bool | int | float | str
ROBOTICS = "gymnasium_robotics"
_MISSING: Mapping[Family, str] = {
    "gymnasium-mujoco": "it belongs to Gymnasium itself: pip install 'gymnasium[mujoco]'",
    "gymnasium-robotics": "Rewardsmith does not depend on the package that has it: pip install gymnasium-robotics",
}
"""How to get the reference environments of a family; the other families have none in Gymnasium."""


def make_reference(card: EnvCard) -> Environment:
    """One environment, made as the card says.

    Raises `ReferenceUnavailable` if Gymnasium has none of that id here or the card names none, `CardMismatch` if it does not take
    the card's arguments.
    """
    reference = card.engine.reference
    if reference is None:
        raise ReferenceUnavailable(
            f"{card.id}: expected a reference environment in Gymnasium, got a card of the family {card.family}, whose "
            "environments Gymnasium has no ids for; they are trained and evaluated, but not replayed or exported with a wrapper"
        )
    if reference not in gymnasium.registry and card.family == "gymnasium-robotics" and find_spec(ROBOTICS) is not None:
        import_module(ROBOTICS)  # registers its environments
    if reference not in gymnasium.registry:
        raise ReferenceUnavailable(
            f"{card.id}: expected the reference environment {reference!r} in Gymnasium, got no such id; {_MISSING[card.family]}"
        )
    arguments = reference_arguments(card.engine.arguments)
    try:
        made: Environment = gymnasium.make(
            reference, max_episode_steps=card.max_steps, disable_env_checker=True, **arguments
        )
    except TypeError as error:
        raise CardMismatch(
            f"{place_of(card, 'engine', 'arguments')}: the reference {reference} does not take the arguments {arguments}: {error}"
        ) from error
    return made


def reference_arguments(arguments: Mapping[str, Argument]) -> dict[str, Argument | tuple[float, float]]:
    """A card's arguments, which are EnvPool's, as Gymnasium takes them: `X_min` and `X_max` become `X_range`, the rest stays.

    One bound without the other stays as it is, for Gymnasium to refuse: EnvPool's default for the other is not known here.
    """
    mapped: dict[str, Argument | tuple[float, float]] = dict(arguments)
    for name in arguments:
        quantity = name.removesuffix("_min")
        if name != quantity and f"{quantity}_max" in arguments:
            low, high = mapped.pop(name), mapped.pop(f"{quantity}_max")
            mapped[f"{quantity}_range"] = (float(cast(float, low)), float(cast(float, high)))
    return mapped
