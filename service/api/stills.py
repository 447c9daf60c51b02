"""Stills: environments as they begin, to look at before anything is trained in them."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from contextlib import suppress
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Response
from fastapi import Path as InPath
from fastapi.responses import StreamingResponse

from envs.card import EnvCard, card
from envs.errors import EnvironmentUnknown
from service.api.deps import CurrentArtifacts, CurrentChecks
from service.api.errors import COMMON, MISSING, StillNotMade, StillUnavailable
from service.api.replays import FILE, AcceptEncoding, IfNoneMatch, file_of
from service.artifacts import ArtifactStore, ArtifactUnknown, meshes_key, still_key
from service.store import NotFound

MAKER = "service.training.still"
UNAVAILABLE = 3
"""With which it ends where there is nothing to draw from; the reason is on its standard output."""
MOST_SECONDS = 25.0
MADE_WITH = ("rewardsmith", "gymnasium", "gymnasium-robotics", "mujoco")
AGAIN = "private, no-cache"
"""It may be kept, and is asked for again: another release may draw it otherwise."""
_making = Lock()
router = APIRouter(prefix="/environments", tags=["environments"], responses={**COMMON, **MISSING})


@router.get(
    "/{environment:path}/still",
    operation_id="getStill",
    summary="Fetch a still of an environment",
    response_class=StreamingResponse,
    responses=FILE,
)
async def get_still(
    artifacts: CurrentArtifacts,
    checks: CurrentChecks,
    environment: Annotated[str, InPath(max_length=64, description="An environment's id.", examples=["Hopper-v5"])],
    accept_encoding: AcceptEncoding = "",
    if_none_match: IfNoneMatch = "",
) -> Response:
    """The environment after a reset, as a replay of one frame without rewards and variables.

    404 of type `still-unavailable` where there is no reference environment to draw it from.
    """

    def kept() -> Response:
        return file_of(artifacts, still_key(digest), digest, accept_encoding, if_none_match, AGAIN)

    found = await to_thread.run_sync(_card, environment)
    digest = _digest(found)
    try:
        return await to_thread.run_sync(kept)
    except ArtifactUnknown:
        await to_thread.run_sync(make_still, found, digest, artifacts, limiter=checks)
        return await to_thread.run_sync(kept)


def make_still(found: EnvCard, digest: str, artifacts: ArtifactStore, seconds: float = MOST_SECONDS) -> None:
    """Has a process of its own draw a still, unless it is there by now; one at a time.

    Raises `StillUnavailable`, and `StillNotMade` where that takes longer than `seconds`.
    """
    with _making, TemporaryDirectory() as name:
        with suppress(ArtifactUnknown):
            artifacts.get(still_key(digest))
            return
        folder = Path(name)
        command = [sys.executable, "-m", MAKER, found.id, name]
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=seconds, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise StillNotMade(f"the still of {found.id} was not made: {error}") from error
        if done.returncode == UNAVAILABLE:
            raise StillUnavailable(done.stdout.strip())
        if done.returncode:
            raise StillNotMade(
                f"what makes the still of {found.id} ended with {done.returncode}: {done.stderr[-2000:]}"
            )
        for meshes in folder.glob("meshes/*"):
            artifacts.put(meshes_key(meshes.name), gzip.compress(meshes.read_bytes(), mtime=0))
        artifacts.put(still_key(digest), gzip.compress((folder / "episode").read_bytes(), mtime=0))


def _card(environment: str) -> EnvCard:
    try:
        found = card(environment)
    except EnvironmentUnknown as error:
        raise NotFound(str(error)) from error
    if found.engine.reference is None:
        raise StillUnavailable(f"{found.id} has no reference environment in Gymnasium to draw it from")
    return found


def _digest(found: EnvCard) -> str:
    """Of all that a still follows from."""
    told = [found.id, found.dt, found.engine.model_dump(), {name: _version(name) for name in MADE_WITH}]
    return sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None
