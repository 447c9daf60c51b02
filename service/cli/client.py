"""The API as the commands see it: typed calls over HTTP, to an application in this process or to a server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from types import MappingProxyType, TracebackType
from typing import Literal, TypeVar

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from service.baselines.environment import Environment, EnvironmentSummary
from service.cli.answers import fault_of, nonsense, silence
from service.schema import (
    Candidate,
    Estimate,
    Event,
    Extension,
    Feedback,
    Iteration,
    Run,
    RunList,
    RunRequest,
    RunSummary,
    Training,
    Verdict,
    Words,
)

T = TypeVar("T")
PREFIX = "/api/v1"
NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Release(BaseModel):
    """A server's sign of life, as far as it is read."""

    version: str


class Client:
    """Calls the API one request at a time, of a `server` or, without one, in this process.

    Raises as `fault_of` and `silence` say.
    """

    def __init__(self, http: httpx.AsyncClient, server: str | None = None) -> None:
        self._http = http
        self._server = server
        self._loop = asyncio.Runner()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._loop.run(self._http.aclose())
        self._loop.close()

    def release(self) -> str:
        """The version of the `rewardsmith` that answers."""
        return self._read(Release, "GET", "/healthz").version

    def create_run(self, request: RunRequest, key: str) -> Run:
        """Asks for a run; asked again with the same key it is the same run."""
        return self._read(Run, "POST", "/runs", request.model_dump_json(exclude_unset=True), {"Idempotency-Key": key})

    def estimate(self, request: RunRequest) -> Estimate:
        """What a run would take; nothing is stored."""
        return self._read(Estimate, "POST", "/runs/estimate", request.model_dump_json(exclude_unset=True))

    def get_run(self, run_id: str) -> Run:
        """One run."""
        return self._read(Run, "GET", f"/runs/{_segment(run_id)}")

    def runs(self, limit: int) -> tuple[RunSummary, ...]:
        """The newest runs."""
        return self._read(RunList, "GET", f"/runs?limit={limit}").items

    def steer(self, run_id: str, wish: Literal["pause", "resume", "cancel"]) -> Run:
        """Pauses a run, puts it back into the queue, or ends it."""
        return self._read(Run, "POST", f"/runs/{_segment(run_id)}/{wish}")

    def extend(self, run_id: str, extension: Extension) -> Run:
        """Gives a run more iterations, or another budget."""
        return self._read(Run, "POST", f"/runs/{_segment(run_id)}/extend", extension.model_dump_json())

    def say(self, run_id: str, words: Words) -> Feedback:
        """Words for the designer, on a run or one of its candidates."""
        return self._read(Feedback, "POST", f"/runs/{_segment(run_id)}/feedback", words.model_dump_json())

    def continue_candidate(self, run_id: str, candidate_id: str) -> Run:
        """Has a candidate that was stopped early trained to its end."""
        return self._read(Run, "POST", f"/runs/{_segment(run_id)}/candidates/{_segment(candidate_id)}/continue")

    def iterations(self, run_id: str) -> list[Iteration]:
        """A run's iterations, in order."""
        return self._read(list[Iteration], "GET", f"/runs/{_segment(run_id)}/iterations")

    def candidates(self, run_id: str) -> list[Candidate]:
        """A run's candidates, in order of iteration and slot."""
        return self._read(list[Candidate], "GET", f"/runs/{_segment(run_id)}/candidates")

    def trainings(self, run_id: str, candidate_id: str) -> list[Training]:
        """A candidate's trainings, with no more of their curves than first and last points."""
        path = f"/runs/{_segment(run_id)}/candidates/{_segment(candidate_id)}/trainings?points=2"
        return self._read(list[Training], "GET", path)

    def policy(self, run_id: str, candidate_id: str) -> bytes:
        """The best policy of a candidate in the search, as safetensors."""
        return self._send("GET", f"/runs/{_segment(run_id)}/candidates/{_segment(candidate_id)}/policy").content

    def events(self, run_id: str, after: int) -> list[Event]:
        """A run's events with a number above `after`, in order."""
        return self._read(list[Event], "GET", f"/runs/{_segment(run_id)}/events?after={after}")

    def environments(self) -> list[EnvironmentSummary]:
        """Every environment card."""
        return self._read(list[EnvironmentSummary], "GET", "/environments")

    def environment(self, environment: str) -> Environment:
        """One environment: its card, hyperparameters and stored baselines."""
        return self._read(Environment, "GET", f"/environments/{_segment(environment)}")

    def validate(self, environment: str, source: str) -> Verdict:
        """The critic's verdict on a reward, before any training."""
        return self._read(
            Verdict, "POST", "/rewards/validate", json.dumps({"environment": environment, "source": source})
        )

    def export(self, run_id: str) -> bytes:
        """A run's export as a zip."""
        return self._send("GET", f"/runs/{_segment(run_id)}/export").content

    def _read(
        self, kind: type[T], method: str, path: str, body: str | None = None, headers: Mapping[str, str] = NO_HEADERS
    ) -> T:
        answer = self._send(method, path, body, headers)
        try:
            return TypeAdapter(kind).validate_json(answer.content)
        except ValidationError as error:
            raise nonsense(PREFIX + path, self._server) from error

    def _send(
        self, method: str, path: str, body: str | None = None, headers: Mapping[str, str] = NO_HEADERS
    ) -> httpx.Response:
        sent = dict(headers) if body is None else {"Content-Type": "application/json", **headers}
        try:
            response = self._loop.run(self._http.request(method, PREFIX + path, content=body, headers=sent))
        except httpx.HTTPError as error:
            raise silence(error, self._server) from error
        if response.is_success:
            return response
        raise fault_of(response, self._server)


def _segment(name: str) -> str:
    """A path segment; a name can never become another path."""
    from urllib.parse import quote

    return quote(name, safe="")
