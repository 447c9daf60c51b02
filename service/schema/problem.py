"""What a client reads of the API's problem details (RFC 9457); a server of another release may say more, or less."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class FieldProblem(BaseModel):
    """One field that was refused, and why."""

    model_config = ConfigDict(frozen=True)

    field: str
    message: str


class ProblemRead(BaseModel):
    """A problem, with what it says of each field."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    title: str = "no title"
    detail: str = ""
    errors: tuple[FieldProblem, ...] = ()
