"""Checks of a reward function without a run."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from fastapi import APIRouter
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from service.api.errors import BODY, COMMON
from service.api.intake import card_of
from service.evolution.critic import review
from service.schema import Verdict

router = APIRouter(prefix="/rewards", tags=["rewards"], responses=COMMON)


class RewardToValidate(BaseModel):
    """A reward function and the environment that it is for."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "environment": "Hopper-v5",
                    "source": "def compute_reward(forward_velocity):\n"
                    "    return forward_velocity, {'progress': forward_velocity}\n",
                }
            ]
        },
    )

    environment: str = Field(min_length=1, max_length=64)
    source: str = Field(min_length=1, max_length=65_536)


@router.post("/validate", operation_id="validateReward", summary="Check a reward function", responses=BODY)
def validate_reward(reward: RewardToValidate) -> Verdict:
    """The critic's verdict: syntax and names first, then a probe on real transitions of the environment."""
    env_card = card_of(reward.environment)
    return review(reward.source, env_card, _transitions(env_card.id))


@lru_cache(maxsize=8)
def _transitions(environment: str) -> dict[str, NDArray[np.float32]]:
    from envs.recording import record_transitions  # it starts an engine: loaded by those who need one

    return record_transitions(card_of(environment))
