"""What people say and do while a run searches: words on candidates, rankings of them, rewards of their own."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field

from service.schema.search import ID_PATTERN, Frozen

MOST_WORDS = 2000
MOST_SOURCE = 100_000
EXAMPLE_SOURCE = """def compute_reward(forward_velocity):
    return forward_velocity, {"progress": forward_velocity}
"""


def _no_repeats(ranking: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(ranking)) < len(ranking):
        raise ValueError("expected every candidate once, got one of them twice")
    return ranking


CandidateId = Annotated[str, Field(pattern=ID_PATTERN)]
Ranking = Annotated[tuple[CandidateId, ...], Field(min_length=2, max_length=16), AfterValidator(_no_repeats)]


class Words(Frozen):
    """Words on a run or on one of its candidates: `POST /api/v1/runs/{run_id}/feedback`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"candidate_id": "r-0123456789-1-0", "words": "it drags its left foot; lift it higher"}]
        }
    )

    words: str = Field(min_length=1, max_length=MOST_WORDS, description="What the designer is to know.")
    candidate_id: str | None = Field(None, pattern=ID_PATTERN, description="Of whom; of the whole run if not given.")


class Order(Frozen):
    """A ranking of candidates: `POST /api/v1/runs/{run_id}/preferences`."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"ranking": ["r-0123456789-1-0", "r-0123456789-1-3"], "words": "smoother"}]}
    )

    ranking: Ranking = Field(description="Candidates of the run, the one liked best first.")
    words: str | None = Field(None, min_length=1, max_length=MOST_WORDS, description="Why.")


class OwnReward(Frozen):
    """A reward function of one's own for the next iteration: `POST /api/v1/runs/{run_id}/candidates`."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"source": EXAMPLE_SOURCE}]})

    source: str = Field(min_length=1, max_length=MOST_SOURCE, description="Python with `compute_reward`.")


class Feedback(Frozen):
    """Words as they are stored; `iteration` is the one under way when they came, and the designer hears them in the next."""

    id: str
    run_id: str
    iteration: int
    candidate_id: str | None
    words: str
    author: str
    created_at: datetime


class Preference(Frozen):
    """A ranking as it is stored, the candidate liked best first; `iteration` as for `Feedback`."""

    id: str
    run_id: str
    iteration: int
    ranking: tuple[str, ...]
    words: str | None
    author: str
    created_at: datetime


class Contribution(Frozen):
    """A reward of somebody's own; `iteration` and `slot` are its place once an iteration has taken it in."""

    id: str
    run_id: str
    source: str
    author: str
    iteration: int | None = None
    slot: int | None = None
    created_at: datetime
