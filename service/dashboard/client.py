"""The API as the pages see it: typed calls over HTTP in the name of whoever looks."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Literal, TypeVar
from urllib.parse import quote

import httpx
from pydantic import TypeAdapter, ValidationError

from service.baselines.environment import Environment, EnvironmentSummary
from service.dashboard.faults import ApiAway, ApiRefused, LoggedOut
from service.schema import (
    Candidate,
    Census,
    Completion,
    Difference,
    Estimate,
    Event,
    Extension,
    Feedback,
    Iteration,
    Lineage,
    Order,
    Preference,
    ProblemRead,
    Readiness,
    Run,
    RunList,
    Training,
    Words,
)

T = TypeVar("T")
ROOT = "/api/v1"


class Api:
    """Calls the API with the token of whoever looks, None where access is open. Raises `DashboardFault`."""

    def __init__(self, http: httpx.AsyncClient, token: str | None = None) -> None:
        self._http, self._token = http, token
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Api) and (self._http, self._token) == (other._http, other._token)

    def __hash__(self) -> int:
        return hash((id(self._http), self._token))

    async def runs(self, wanted: dict[str, str]) -> RunList:
        """One page of runs; `wanted` are the query's parameters."""
        return await self._read(RunList, "GET", "/runs", wanted=wanted)

    async def run(self, run_id: str) -> Run:
        """One run."""
        return await self._read(Run, "GET", f"/runs/{_segment(run_id)}")

    async def create_run(self, request: str, key: str) -> Run:
        """Asks for a run, as JSON; asked again with the same key it is the same run."""
        return await self._read(Run, "POST", "/runs", request, {"Idempotency-Key": key})

    async def estimate(self, request: str) -> Estimate:
        """What a run would take; nothing is stored."""
        return await self._read(Estimate, "POST", "/runs/estimate", request)

    async def steer(self, run_id: str, wish: Literal["pause", "resume", "cancel"]) -> Run:
        """Pauses a run, puts it back into the queue, or ends it."""
        return await self._read(Run, "POST", f"/runs/{_segment(run_id)}/{wish}")

    async def extend(self, run_id: str, extension: Extension) -> Run:
        """Gives a run more iterations, or another budget."""
        return await self._read(Run, "POST", f"/runs/{_segment(run_id)}/extend", extension.model_dump_json())

    async def say(self, run_id: str, words: Words) -> Feedback:
        """Words for the designer, on a run or one of its candidates."""
        return await self._read(Feedback, "POST", f"/runs/{_segment(run_id)}/feedback", words.model_dump_json())

    async def rank(self, run_id: str, order: Order) -> Preference:
        """A ranking of candidates, the one liked best first."""
        return await self._read(Preference, "POST", f"/runs/{_segment(run_id)}/preferences", order.model_dump_json())

    async def feedback(self, run_id: str) -> list[Feedback]:
        """All words on a run."""
        return await self._read(list[Feedback], "GET", f"/runs/{_segment(run_id)}/feedback")

    async def preferences(self, run_id: str) -> list[Preference]:
        """All rankings of a run."""
        return await self._read(list[Preference], "GET", f"/runs/{_segment(run_id)}/preferences")

    async def iterations(self, run_id: str) -> list[Iteration]:
        """A run's iterations, in order."""
        return await self._read(list[Iteration], "GET", f"/runs/{_segment(run_id)}/iterations")

    async def lineage(self, run_id: str) -> Lineage:
        """All candidates of a run with their parents and without their code."""
        return await self._read(Lineage, "GET", f"/runs/{_segment(run_id)}/lineage")

    async def candidate(self, run_id: str, candidate_id: str) -> Candidate:
        """One candidate with code, verdict and findings."""
        return await self._read(Candidate, "GET", _candidate(run_id, candidate_id))

    async def continue_candidate(self, run_id: str, candidate_id: str) -> Run:
        """Has a candidate that was stopped early trained to its end."""
        return await self._read(Run, "POST", f"{_candidate(run_id, candidate_id)}/continue")

    async def difference(self, run_id: str, candidate_id: str, against: str) -> Difference:
        """What its code has that another's has not."""
        return await self._read(
            Difference, "GET", f"{_candidate(run_id, candidate_id)}/diff", wanted={"against": against}
        )

    async def trainings(self, run_id: str, candidate_id: str, points: int) -> list[Training]:
        """A candidate's trainings, their curves thinned to so many points."""
        wanted = {"points": str(points)}
        return await self._read(list[Training], "GET", f"{_candidate(run_id, candidate_id)}/trainings", wanted=wanted)

    async def completions(self, run_id: str, iteration: int, slot: int) -> list[Completion]:
        """The requests to a model for one candidate."""
        wanted = {"iteration": str(iteration), "slot": str(slot)}
        return await self._read(list[Completion], "GET", f"/runs/{_segment(run_id)}/completions", wanted=wanted)

    async def events(self, run_id: str, after: int) -> list[Event]:
        """A run's events with a number above `after`, in order."""
        return await self._read(list[Event], "GET", f"/runs/{_segment(run_id)}/events", wanted={"after": str(after)})

    async def environments(self) -> list[EnvironmentSummary]:
        """A line about every environment."""
        return await self._read(list[EnvironmentSummary], "GET", "/environments")

    async def environment(self, environment: str) -> Environment:
        """One environment: its card, hyperparameters and stored baselines."""
        return await self._read(Environment, "GET", f"/environments/{_segment(environment)}")

    async def census(self) -> Census:
        """What all runs come to."""
        return await self._read(Census, "GET", "/census")

    async def readiness(self) -> Readiness:
        """Whether runs can be worked on, and what keeps them from it."""
        return await self._read(Readiness, "GET", "/readyz", also=HTTPStatus.SERVICE_UNAVAILABLE)

    async def _read(
        self,
        kind: type[T],
        method: str,
        path: str,
        body: str | None = None,
        headers: dict[str, str] | None = None,
        *,
        wanted: dict[str, str] | None = None,
        also: HTTPStatus | None = None,
    ) -> T:
        sent = self._headers | (headers or {}) | ({} if body is None else {"Content-Type": "application/json"})
        try:
            answer = await self._http.request(method, ROOT + path, content=body, headers=sent, params=wanted)
        except httpx.HTTPError as error:
            raise ApiAway(f"the API does not answer ({str(error) or type(error).__name__})") from error
        if not answer.is_success and answer.status_code != also:
            raise _refusal(answer, told_who=self._token is not None)
        try:
            return TypeAdapter(kind).validate_json(answer.content)
        except ValidationError as error:
            raise ApiAway(
                f"the API answered {path} with something that this release of the dashboard cannot read"
            ) from error


def _refusal(answer: httpx.Response, *, told_who: bool) -> ApiAway | ApiRefused:
    try:
        problem = ProblemRead.model_validate(json.loads(answer.content))
    except ValueError:  # also what pydantic raises
        return ApiAway(f"the API answered {answer.status_code} without saying why")
    # An API counts requests without a token only where it asks for one: many who are logged out ask from one address, ours.
    unknown = answer.status_code == HTTPStatus.TOO_MANY_REQUESTS and not told_who
    kind = LoggedOut if answer.status_code == HTTPStatus.UNAUTHORIZED or unknown else ApiRefused
    fields = {error.field: error.message for error in problem.errors}
    said = "; ".join(f"{field}: {message}" for field, message in fields.items())
    return kind(answer.status_code, said or problem.detail or problem.title, fields)


def _candidate(run_id: str, candidate_id: str) -> str:
    return f"/runs/{_segment(run_id)}/candidates/{_segment(candidate_id)}"


def _segment(name: str) -> str:
    """A path segment; a name can never become another path."""
    return quote(name, safe="")
