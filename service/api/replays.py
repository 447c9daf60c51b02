"""Episodes to look at: the replay of a candidate's policy, and the meshes that replays share."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Header, Path, Response
from fastapi.responses import StreamingResponse

from envs.card import card
from envs.errors import EnvironmentUnknown
from service.api.deps import CandidateId, CurrentArtifacts, CurrentStore, RunId
from service.api.errors import COMMON, MISSING, ReplayNotRecorded, ReplayUnavailable
from service.artifacts import ArtifactStore, ArtifactUnknown, meshes_key, replay_key
from service.evolution.selection import best_training
from service.schema import CandidateState
from service.store import NotFound

SAFETENSORS = "application/octet-stream"
FOREVER = "private, max-age=31536000, immutable"
GZIP = 16 + zlib.MAX_WBITS
ZERO = re.compile(r"q=0(\.0*)?")
FILE: dict[int | str, dict[str, object]] = {
    200: {"description": "The file.", "content": {SAFETENSORS: {"schema": {"type": "string", "format": "binary"}}}},
    304: {"description": "It is the one that the client has."},
}
AcceptEncoding = Annotated[str, Header(include_in_schema=False)]
IfNoneMatch = Annotated[str, Header(description="What an `ETag` said: 304 if it is still so.")]
router = APIRouter(tags=["replays"], responses={**COMMON, **MISSING})


@router.get(
    "/runs/{run_id}/candidates/{candidate_id}/replay",
    operation_id="getReplay",
    summary="Fetch an episode of a candidate's policy, to look at",
    response_class=StreamingResponse,
    responses=FILE,
)
def get_replay(
    run_id: RunId,
    candidate_id: CandidateId,
    store: CurrentStore,
    artifacts: CurrentArtifacts,
    accept_encoding: AcceptEncoding = "",
    if_none_match: IfNoneMatch = "",
) -> Response:
    """One episode in the reference environment, from the same start for all candidates of a run.

    404 of type `replay-unavailable` where the environment has no reference, `replay-not-recorded` where the candidate has none,
    or none yet.
    """
    candidate = store.candidate(run_id, candidate_id)
    environment = store.get_run(run_id).request.environment
    if not _has_reference(environment):
        raise ReplayUnavailable(f"{environment} has no reference environment in Gymnasium to play a policy in")
    best = best_training(store.trainings(run_id, candidate_id), candidate_id)
    if best is None or candidate.state is not CandidateState.TRAINED:
        raise ReplayNotRecorded(f"candidate {candidate_id} is {candidate.state}: it has a replay once it is trained")
    try:
        return file_of(artifacts, replay_key(run_id, best.id), best.id, accept_encoding, if_none_match)
    except ArtifactUnknown as error:
        raise ReplayNotRecorded(
            f"candidate {candidate_id} has no replay: the run's events say why, unless it was trained by an older version; "
            f"rewardsmith replay {run_id} {candidate_id} plays it"
        ) from error


@router.get(
    "/meshes/{digest}",
    operation_id="getMeshes",
    summary="Fetch the meshes of a replay",
    response_class=StreamingResponse,
    responses=FILE,
)
def get_meshes(
    digest: Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="`meshes` in the header of a replay.")],
    artifacts: CurrentArtifacts,
    accept_encoding: AcceptEncoding = "",
    if_none_match: IfNoneMatch = "",
) -> Response:
    """The meshes that a replay's header names by digest; replays of one environment share them."""
    try:
        return file_of(artifacts, meshes_key(digest), digest, accept_encoding, if_none_match)
    except ArtifactUnknown as error:
        raise NotFound(f"no meshes {digest!r} are stored") from error


def _has_reference(environment: str) -> bool:
    try:
        return card(environment).engine.reference is not None
    except EnvironmentUnknown:  # its card has gone since
        return False


def file_of(artifacts: ArtifactStore, key: str, tag: str, accepted: str, known: str, kept: str = FOREVER) -> Response:
    """A compressed artifact, unpacked for who cannot do so; `tag` changes where it does. Raises `ArtifactUnknown`."""
    compressed = accepts_gzip(accepted)
    etag = f'"{tag}-gzip"' if compressed else f'"{tag}"'
    headers = {"ETag": etag, "Cache-Control": kept, "Vary": "Accept-Encoding"}
    if etag in (one.strip().removeprefix("W/") for one in known.split(",")):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    parts = artifacts.stream(key)
    if compressed:
        headers["Content-Encoding"] = "gzip"
    return StreamingResponse(parts if compressed else _unpacked(parts), media_type=SAFETENSORS, headers=headers)


def accepts_gzip(accepted: str) -> bool:
    """Whether an `Accept-Encoding` allows gzip: by name or as any coding, with a weight that is not 0."""
    weights = {}
    for one in accepted.lower().replace(" ", "").split(","):
        coding, _, weight = one.partition(";")
        weights[coding] = weight
    return ZERO.fullmatch(weights.get("gzip", weights.get("*", "q=0"))) is None


def _unpacked(parts: Iterator[bytes]) -> Iterator[bytes]:
    unpack = zlib.decompressobj(GZIP)
    for part in parts:
        yield unpack.decompress(part)
    yield unpack.flush()
