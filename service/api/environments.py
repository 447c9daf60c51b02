"""Environments that a run can name."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from envs.card import card
from envs.errors import EnvironmentUnknown
from service.api.deps import CurrentDataFolder
from service.api.errors import COMMON, MISSING
from service.baselines.environment import Environment, EnvironmentSummary, all_environments, whole_environment
from service.store import NotFound

router = APIRouter(prefix="/environments", tags=["environments"], responses=COMMON)


@router.get("", operation_id="listEnvironments", summary="List the environments")
def list_environments(data_folder: CurrentDataFolder) -> tuple[EnvironmentSummary, ...]:
    """A line about each environment, in the order of their ids."""
    return all_environments(data_folder)


@router.get("/{environment:path}", operation_id="getEnvironment", summary="Look at an environment", responses=MISSING)
def get_environment(
    data_folder: CurrentDataFolder,
    environment: Annotated[str, Path(max_length=64, description="An environment's id.", examples=["Hopper-v5"])],
) -> Environment:
    """One environment's card: what rewards may know of it, how it is judged and trained, and how its own reward does."""
    try:
        return whole_environment(card(environment), data_folder)
    except EnvironmentUnknown as error:
        raise NotFound(str(error)) from error
