"""What is known of the processes of an installation: which orchestrators live, and whether all that runs need is there."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from service.schema.search import Frozen


class RayState(StrEnum):
    """How an orchestrator stands with Ray."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    FAULT = "fault"


class OrchestratorPresence(Frozen):
    """One orchestrator's last sign of life; `fault` says what keeps it from Ray."""

    owner: str = Field(description="Its process: host, number and start time.")
    started_at: datetime
    seen_at: datetime
    runs: int = Field(description="Runs that it works on now.")
    runs_at_once: int
    ray: RayState
    fault: str | None = None


class Check(Frozen):
    """One thing that runs need, and whether it is there."""

    name: str
    ok: bool
    detail: str


class Readiness(Frozen):
    """Whether runs that are asked for now can be worked on."""

    ready: bool
    checks: tuple[Check, ...]
