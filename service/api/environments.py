"""Environments that a run can name."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from envs.card import EnvCard, card, cards
from envs.errors import EnvironmentUnknown
from service.api.errors import COMMON, MISSING
from service.store import NotFound

router = APIRouter(prefix="/environments", tags=["environments"], responses=COMMON)


@router.get("", operation_id="listEnvironments", summary="List the environments")
def list_environments() -> tuple[EnvCard, ...]:
    """The cards of all environments, in the order of their ids."""
    return tuple(cards().values())


@router.get("/{environment:path}", operation_id="getEnvironment", summary="Look at an environment", responses=MISSING)
def get_environment(
    environment: Annotated[str, Path(max_length=64, description="An environment's id.", examples=["Hopper-v5"])],
) -> EnvCard:
    """One environment's card."""
    try:
        return card(environment)
    except EnvironmentUnknown as error:
        raise NotFound(str(error)) from error
