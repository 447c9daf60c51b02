"""What it means when the API does not give what it was asked for."""

from __future__ import annotations

from http import HTTPStatus

import httpx
from pydantic import ValidationError

from service.cli.faults import BadInput, CommandFault, Infrastructure, Unreachable
from service.cli.options import option_of
from service.schema import ProblemRead

PASSING = (
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
)
"""What a server answers for a while: too much asked of it, or something behind it is away."""
LONGEST_ADDRESS = 200
MEDIA_TYPE = "application/problem+json"


def fault_of(response: httpx.Response, server: str | None) -> CommandFault:
    """`BadInput` where the request is refused, `Unreachable` where a server may answer in a while, else `Infrastructure`."""
    status = response.status_code
    if response.has_redirect_location:
        elsewhere = response.headers["Location"][:LONGEST_ADDRESS]
        return Infrastructure(f"{_who(server)} points to {elsewhere}, which is not followed{_advice(server)}")
    line = _told(response)
    if line is None:
        line = f"{_who(server)} answered {status} without saying why{_advice(server)}"
        return Unreachable(line) if server and status in PASSING else Infrastructure(line)
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return BadInput(f"REWARDSMITH_TOKEN: {line}")
    if server and status in PASSING:
        return Unreachable(f"{server}: {line}")
    return Infrastructure(line) if response.is_server_error else BadInput(line)


def silence(error: httpx.HTTPError, server: str | None) -> Unreachable:
    """No answer came."""
    return Unreachable(f"{_who(server)} cannot be reached: {str(error) or type(error).__name__}{_advice(server)}")


def nonsense(path: str, server: str | None) -> Infrastructure:
    """An answer came that cannot be read."""
    return Infrastructure(
        f"{_who(server)} answered {path} with something that this release cannot read{_advice(server)}"
    )


def _told(response: httpx.Response) -> str | None:
    """The problem in one line, each refused field or else the detail; None for an answer that is none of a rewardsmith."""
    if not response.headers.get("Content-Type", "").startswith(MEDIA_TYPE):
        return None
    try:
        problem = ProblemRead.model_validate_json(response.content)
    except ValidationError:
        return None
    fields = "; ".join(f"{option_of(error.field)}: {error.message}" for error in problem.errors)
    return fields or problem.detail or problem.title


def _who(server: str | None) -> str:
    return server or "the API"


def _advice(server: str | None) -> str:
    return "" if server is None else "; check REWARDSMITH_URL, and that a rewardsmith server answers there"
