"""Who asks, and whether they may: a bearer token with a scope, or nobody in particular where the API serves one machine alone.

Refused
├── 401   no token, or one that is unknown or revoked
├── 403   a token whose scope does not reach
└── 429   too many requests; `Retry-After` says when to come back
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.exceptions import HTTPException

from service.api.deps import services_of
from service.api.errors import documented
from service.schema import Scope

READING = ("GET", "HEAD", "OPTIONS")
REFUSALS = documented(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS)
logger = logging.getLogger(__name__)
bearer = HTTPBearer(auto_error=False, description="A token made by `rewardsmith token create`.")


@dataclass(frozen=True)
class Caller:
    """Who asks: `name` for people to read, `id` to tell them apart, for tokens may share a name."""

    id: str
    name: str


SOMEBODY = Caller("somebody on this machine", "somebody on this machine")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]


async def authorise(request: Request, credentials: Credentials) -> Caller:
    """Who asks: the token, once its scope is known to reach, or somebody where access is open."""
    services = services_of(request)
    if services.open_access:
        return SOMEBODY
    address = request.client.host if request.client is not None else "nowhere"
    wanted = _wanted(request.method)
    reads = wanted == Scope.READ
    token = None if credentials is None else await services.recognition.of(credentials.credentials, reads=reads)
    who = f"somebody at {address}" if token is None else f"token {token.id}"
    seconds = services.rate_limit.take(f"at {address}" if token is None else token.id)
    if seconds:
        logger.warning("refused: %s asks too often", who)
        raise HTTPException(
            HTTPStatus.TOO_MANY_REQUESTS,
            f"more than {services.settings.requests_per_minute} requests a minute; ask again in {math.ceil(seconds)} s",
            {"Retry-After": str(math.ceil(seconds))},
        )
    if token is None:
        given = "none was given" if credentials is None else "the one given is unknown or revoked"
        logger.warning("refused: %s without a valid token: %s", who, given)
        raise HTTPException(
            HTTPStatus.UNAUTHORIZED,
            f"expected `Authorization: Bearer` with a token made by `rewardsmith token create`; {given}",
            {"WWW-Authenticate": "Bearer"},
        )
    if not token.scope.allows(wanted):
        logger.warning("refused: %s of scope %s, scope %s is needed", who, token.scope, wanted)
        raise HTTPException(
            HTTPStatus.FORBIDDEN, f"this takes a token of scope {wanted}, and {token.name!r} has scope {token.scope}"
        )
    return Caller(token.id, token.name)


CurrentCaller = Annotated[Caller, Depends(authorise)]


def _wanted(method: str) -> Scope:
    if method in READING:
        return Scope.READ
    return Scope.ADMIN if method == "DELETE" else Scope.RUN
