"""The API as the commands see it: typed calls over HTTP, to an application in this process or, one day, to a server."""

from __future__ import annotations

import asyncio
import json
from types import TracebackType
from typing import TypeVar

import httpx
from pydantic import BaseModel, ConfigDict, TypeAdapter

from service.baselines.environment import Environment, EnvironmentSummary
from service.cli.faults import BadInput, CommandFault, Infrastructure
from service.cli.options import option_of
from service.schema import Candidate, Estimate, Event, Iteration, Run, RunRequest, Verdict

T = TypeVar("T")
PREFIX = "/api/v1"


class FieldProblem(BaseModel):
    """One field that the API refused."""

    field: str
    message: str


class Problem(BaseModel):
    """Problem details as the API sends them (RFC 9457)."""

    model_config = ConfigDict(extra="ignore")

    title: str = "no title"
    detail: str = ""
    errors: tuple[FieldProblem, ...] = ()

    def line(self) -> str:
        """The problem in one line: each refused field, or else the detail."""
        fields = "; ".join(f"{option_of(error.field)}: {error.message}" for error in self.errors)
        return fields or self.detail or self.title


class RunPage(BaseModel):
    """One page of runs, newest first."""

    items: tuple[Run, ...]
    next_cursor: str | None = None


class Client:
    """Calls the API one request at a time. Raises `BadInput` where it refuses, `Infrastructure` where it cannot answer."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._loop = asyncio.Runner()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._loop.run(self._http.aclose())
        self._loop.close()

    def create_run(self, request: RunRequest) -> Run:
        """Asks for a run."""
        return self._read(Run, "POST", "/runs", request.model_dump_json(exclude_unset=True))

    def estimate(self, request: RunRequest) -> Estimate:
        """What a run would take; nothing is stored."""
        return self._read(Estimate, "POST", "/runs/estimate", request.model_dump_json(exclude_unset=True))

    def get_run(self, run_id: str) -> Run:
        """One run."""
        return self._read(Run, "GET", f"/runs/{_segment(run_id)}")

    def runs(self, limit: int) -> tuple[Run, ...]:
        """The newest runs."""
        return self._read(RunPage, "GET", f"/runs?limit={limit}").items

    def resume(self, run_id: str) -> Run:
        """Puts a paused run back into the queue."""
        return self._read(Run, "POST", f"/runs/{_segment(run_id)}/resume")

    def continue_candidate(self, run_id: str, candidate_id: str) -> Run:
        """Has a candidate that was stopped early trained to its end."""
        return self._read(Run, "POST", f"/runs/{_segment(run_id)}/candidates/{_segment(candidate_id)}/continue")

    def iterations(self, run_id: str) -> list[Iteration]:
        """A run's iterations, in order."""
        return self._read(list[Iteration], "GET", f"/runs/{_segment(run_id)}/iterations")

    def candidates(self, run_id: str) -> list[Candidate]:
        """A run's candidates, in order of iteration and slot."""
        return self._read(list[Candidate], "GET", f"/runs/{_segment(run_id)}/candidates")

    def events(self, run_id: str, after: int) -> list[Event]:
        """A run's events with a number above `after`, in order."""
        return self._read(list[Event], "GET", f"/runs/{_segment(run_id)}/events?after={after}")

    def environments(self) -> list[EnvironmentSummary]:
        """Every environment card."""
        return self._read(list[EnvironmentSummary], "GET", "/environments")

    def environment(self, environment: str) -> Environment:
        """One environment card."""
        return self._read(Environment, "GET", f"/environments/{_segment(environment)}")

    def validate(self, environment: str, source: str) -> Verdict:
        """The critic's verdict on a reward, before any training."""
        return self._read(
            Verdict, "POST", "/rewards/validate", json.dumps({"environment": environment, "source": source})
        )

    def export(self, run_id: str) -> bytes:
        """A run's export as a zip."""
        return self._send("GET", f"/runs/{_segment(run_id)}/export").content

    def _read(self, kind: type[T], method: str, path: str, body: str | None = None) -> T:
        return TypeAdapter(kind).validate_json(self._send(method, path, body).content)

    def _send(self, method: str, path: str, body: str | None = None) -> httpx.Response:
        headers = {} if body is None else {"Content-Type": "application/json"}
        try:
            response = self._loop.run(self._http.request(method, PREFIX + path, content=body, headers=headers))
        except httpx.HTTPError as error:
            raise Infrastructure(f"the API cannot be reached: {error}") from error
        if response.is_success:
            return response
        raise _fault(response)


def _segment(name: str) -> str:
    """A path segment; a name can never become another path."""
    from urllib.parse import quote

    return quote(name, safe="")


def _fault(response: httpx.Response) -> CommandFault:
    try:
        line = Problem.model_validate_json(response.content).line()
    except ValueError:
        line = f"the API answered {response.status_code} without saying why"
    return Infrastructure(line) if response.status_code >= 500 else BadInput(line)
