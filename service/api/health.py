"""Whether this process answers, and whether runs that are asked for now can be worked on."""

from __future__ import annotations

import shutil
from datetime import timedelta
from http import HTTPStatus
from importlib.metadata import version
from pathlib import Path

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict

from service.api.deps import CurrentArtifacts, CurrentDataFolder, CurrentStore
from service.artifacts import ArtifactStore
from service.schema import Check, RayState, Readiness
from service.store import Store, StoreUnavailable

router = APIRouter(tags=["health"])
SEEN_WITHIN = timedelta(seconds=30)
LEAST_FREE_GIB = 1.0
GIB = 2**30


class Health(BaseModel):
    """A sign of life; `version` is of the `rewardsmith` that answers."""

    model_config = ConfigDict(frozen=True)

    status: str = "ok"
    version: str


@router.get("/healthz", operation_id="getHealth", summary="Ask for a sign of life")
async def get_health() -> Health:
    """Answers as long as the process does: it asks nothing of the database, and waits for no thread."""
    return Health(version=version("rewardsmith"))


@router.get(
    "/readyz",
    operation_id="getReadiness",
    summary="Ask whether runs can be worked on",
    responses={
        HTTPStatus.SERVICE_UNAVAILABLE: {"model": Readiness, "description": "Something that runs need is missing."}
    },
)
def get_readiness(
    store: CurrentStore, artifacts: CurrentArtifacts, data_folder: CurrentDataFolder, response: Response
) -> Readiness:
    """Looks at the database, at orchestrators with their Ray, and at the disk; 503 where one of them will not do."""
    checks = (*_database_and_orchestrators(store), _disk(artifacts, data_folder))
    ready = all(check.ok for check in checks)
    if not ready:
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    return Readiness(ready=ready, checks=checks)


def _database_and_orchestrators(store: Store) -> tuple[Check, ...]:
    try:
        known = store.orchestrators.list(SEEN_WITHIN)
    except StoreUnavailable:
        return (Check(name="database", ok=False, detail="cannot be used; the log says why"),)
    connected = [one for one in known if one.ray is RayState.CONNECTED]
    seconds = int(SEEN_WITHIN.total_seconds())
    return (
        Check(name="database", ok=True, detail="answers"),
        Check(name="orchestrators", ok=bool(known), detail=f"{len(known)} gave a sign of life within {seconds} s"),
        Check(
            name="ray", ok=bool(connected), detail=f"{len(connected)} of {len(known)} orchestrators are connected to it"
        ),
    )


def _disk(artifacts: ArtifactStore, data_folder: Path) -> Check:
    folder = artifacts.folder
    if folder is None:
        return Check(name="disk", ok=True, detail="artifacts are kept elsewhere")
    there = next(path for path in (folder, *folder.parents) if path.exists())
    free = min(shutil.disk_usage(place).free for place in (there, *_existing(data_folder))) / GIB
    return Check(name="disk", ok=free >= LEAST_FREE_GIB, detail=f"{free:.1f} GiB free, {LEAST_FREE_GIB:.0f} GiB wanted")


def _existing(folder: Path) -> tuple[Path, ...]:
    return (folder,) if folder.exists() else ()
