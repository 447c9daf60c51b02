"""Checks of a reward function without a run."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import lru_cache
from multiprocessing import get_context
from threading import Lock

import numpy as np
from anyio import to_thread
from fastapi import APIRouter
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from envs.recording import record_transitions
from sandbox import SandboxFault
from service.api.deps import CurrentChecks
from service.api.errors import BODY, COMMON
from service.api.intake import card_of
from service.evolution.critic import review
from service.schema import Verdict
from service.schema.people import EXAMPLE_SOURCE, MOST_SOURCE

_recording = Lock()
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
                    "source": EXAMPLE_SOURCE,
                }
            ]
        },
    )

    environment: str = Field(min_length=1, max_length=64)
    source: str = Field(min_length=1, max_length=MOST_SOURCE)


@router.post("/validate", operation_id="validateReward", summary="Check a reward function", responses=BODY)
async def validate_reward(reward: RewardToValidate, checks: CurrentChecks) -> Verdict:
    """The critic's verdict: syntax and names first, then a probe on real transitions of the environment."""
    return await to_thread.run_sync(_verdict, reward, limiter=checks)


def _verdict(reward: RewardToValidate) -> Verdict:
    env_card = card_of(reward.environment)
    with _recording:
        transitions = _transitions(env_card.id)
    return review(reward.source, env_card, transitions)


@lru_cache(maxsize=8)
def _transitions(environment: str) -> dict[str, NDArray[np.float32]]:
    """Recorded by a process of its own, which ends: an engine brings JAX with it, and hundreds of MiB that would stay."""
    with ProcessPoolExecutor(1, get_context("spawn")) as recorder:
        try:
            return recorder.submit(record_transitions, card_of(environment)).result()
        except BrokenProcessPool as error:
            raise SandboxFault(
                f"the process that records transitions of {environment} ended before its time"
            ) from error
