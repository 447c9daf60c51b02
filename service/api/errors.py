"""Problem details (RFC 9457): every answer that is not what was asked for, as `application/problem+json`.

RequestRefused      a request that is well formed but cannot be done; names every field at fault and what is allowed
NotFound            of the store
├── ReplayUnavailable   there will never be one: the environment has no reference to play in
├── ReplayNotRecorded   the candidate has none, or none yet
├── StillUnavailable    there is nothing to draw the environment from
└── ExportUnavailable   the environment has no card here any more
StillNotMade        what draws an environment has failed, or took too long
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from sandbox import SandboxFault
from service.artifacts import ArtifactsError
from service.store import NotFound, StateConflict, StoreUnavailable

logger = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
MOST_ERRORS = 64
"""Fields at fault that one answer names: a request can have a fault in every one of its hundred thousands of parts."""


class FieldError(BaseModel):
    """One field at fault, as a dotted path within the request, and what is allowed there."""

    model_config = ConfigDict(frozen=True)

    field: str
    message: str


class Problem(BaseModel):
    """What went wrong: `type` is stable and made for programs, `detail` for people."""

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:rewardsmith:problem:not-found",
                    "title": "Not found",
                    "status": 404,
                    "detail": "no run 'r-0123456789' is stored",
                    "errors": [],
                }
            ]
        },
    )

    type: str
    title: str
    status: int
    detail: str
    errors: tuple[FieldError, ...] = Field((), description="The fields at fault, where the request itself is.")


class RequestRefused(Exception):
    """A well-formed request that cannot be done; `errors` names each field at fault, up to 64, and what is allowed there."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        self.errors = tuple(errors[:MOST_ERRORS])
        super().__init__("; ".join(f"{error.field}: {error.message}" for error in self.errors))


class ReplayUnavailable(NotFound):
    """No candidate of this run will ever have a replay."""


class ReplayNotRecorded(NotFound):
    """The candidate has no replay, or none yet; the message says which."""


class StillUnavailable(NotFound):
    """There is nothing here to draw the environment from."""


class StillNotMade(Exception):
    """The process that draws environments failed, or took too long: an infrastructure fault."""


class ExportUnavailable(NotFound):
    """The run's files cannot be written: its environment has no card here any more."""


def documented(*statuses: HTTPStatus) -> dict[int | str, dict[str, object]]:
    """The problems that a route may answer with, for its `responses`."""
    return {
        int(status): {
            "description": status.phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
    }


COMMON = documented(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE)
MISSING = documented(HTTPStatus.NOT_FOUND)
CONFLICT = documented(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)
BODY = documented(HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


def install_handlers(app: FastAPI) -> None:
    """Answers every error of this application with problem details; no traceback ever leaves it."""
    for kind, status, name in (
        (NotFound, HTTPStatus.NOT_FOUND, "not-found"),
        (ReplayUnavailable, HTTPStatus.NOT_FOUND, "replay-unavailable"),
        (ReplayNotRecorded, HTTPStatus.NOT_FOUND, "replay-not-recorded"),
        (StillUnavailable, HTTPStatus.NOT_FOUND, "still-unavailable"),
        (ExportUnavailable, HTTPStatus.NOT_FOUND, "export-unavailable"),
        (StateConflict, HTTPStatus.CONFLICT, "state-conflict"),
    ):
        app.add_exception_handler(kind, _Told(status, name))
    for fault, name, what in (
        (StoreUnavailable, "store-unavailable", "the database cannot be used"),
        (ArtifactsError, "artifacts-unavailable", "policies and replays cannot be read or written"),
        (SandboxFault, "sandbox-unavailable", "the sandbox of rewards cannot be used"),
        (StillNotMade, "still-not-made", "environments cannot be drawn"),
    ):
        app.add_exception_handler(fault, _Logged(name, f"{what} now: the log of the service says why"))
    app.add_exception_handler(RequestRefused, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _internal)


class _Told:
    """Answers one kind of error of whoever asks with its own words."""

    def __init__(self, status: HTTPStatus, name: str) -> None:
        self._status, self._name = status, name

    async def __call__(self, _: Request, error: Exception) -> Response:
        return answer(self._status, self._name, str(error))


class _Logged:
    """Answers one kind of infrastructure fault with the same words always: its own, for the log alone, name hosts and folders."""

    def __init__(self, name: str, detail: str) -> None:
        self._name, self._detail = name, detail

    async def __call__(self, _: Request, error: Exception) -> Response:
        logger.warning("%s", error)
        return answer(HTTPStatus.SERVICE_UNAVAILABLE, self._name, self._detail)


async def _refused(_: Request, error: Exception) -> Response:
    errors = error.errors if isinstance(error, RequestRefused) else ()
    return answer(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request", str(error), errors)


async def _invalid(_: Request, error: Exception) -> Response:
    faults = error.errors()[:MOST_ERRORS] if isinstance(error, RequestValidationError) else ()
    errors = [
        FieldError(field="body", message=f"not JSON: {fault.get('ctx', {}).get('error', 'cannot be read')}")
        if fault["type"] == "json_invalid"
        else FieldError(field=_path(fault["loc"]), message=str(fault["msg"]))
        for fault in faults
    ]
    return answer(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request", str(RequestRefused(errors)), errors)


async def _http(request: Request, error: Exception) -> Response:
    code = error.status_code if isinstance(error, HTTPException) else HTTPStatus.INTERNAL_SERVER_ERROR
    status = HTTPStatus(code)
    detail = str(error.detail) if isinstance(error, HTTPException) else ""
    headers = error.headers if isinstance(error, HTTPException) else None
    response = answer(status, status.phrase.lower().replace(" ", "-"), detail)
    response.headers.update(headers or {})
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        response.headers["Allow"] = _allowed(request)
    return response


def _allowed(request: Request) -> str:
    """All methods of a path, as the document tells them: the router that refused one knows those of the first route alone."""
    asked = request.scope["route"].path_format
    paths = request.app.openapi()["paths"].items()
    return ", ".join(sorted(method.upper() for path, methods in paths if path.endswith(asked) for method in methods))


async def _internal(request: Request, _: Exception) -> Response:
    detail = f"{request.method} {request.url.path} failed inside the service; its log says why"
    return answer(HTTPStatus.INTERNAL_SERVER_ERROR, "internal-error", detail)


def answer(status: HTTPStatus, name: str, detail: str, errors: Sequence[FieldError] = ()) -> Response:
    """A problem as a response; what cannot be written as UTF-8 in `detail` is replaced."""
    problem = Problem(
        type=f"urn:rewardsmith:problem:{name}",
        title=name.replace("-", " ").capitalize(),
        status=status,
        detail=_writable(detail),
        errors=tuple(FieldError(field=_writable(one.field), message=_writable(one.message)) for one in errors),
    )
    return Response(problem.model_dump_json(), status_code=status, media_type=MEDIA_TYPE)


def _path(location: Sequence[int | str]) -> str:
    parts = [str(part) for part in location]
    return ".".join(parts[1:] if parts[0] in ("body", "query", "path", "header") and len(parts) > 1 else parts)


def _writable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
