"""Whether this process answers."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """A sign of life; `version` is of the `rewardsmith` that answers."""

    model_config = ConfigDict(frozen=True)

    status: str = "ok"
    version: str


@router.get("/healthz", operation_id="getHealth", summary="Ask for a sign of life")
def get_health() -> Health:
    """Answers as long as the process does; it asks nothing of the database."""
    return Health(version=version("rewardsmith"))
