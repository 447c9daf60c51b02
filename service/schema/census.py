"""What all runs of one database come to: the figures that an installation is watched by."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from service.schema.health import RayState
from service.schema.run import CandidateState, RunState
from service.schema.search import Frozen


class Measure(StrEnum):
    """What is counted and never falls."""

    ENVIRONMENT_STEPS = "environment_steps"
    COMPLETIONS = "completions"
    TOKENS = "tokens"
    USD = "usd"
    UNPRICED = "unpriced"
    REWARD_FAULTS = "reward_faults"


class Tally(Frozen):
    """One count since the database was made, runs that were deleted since included.

    `model` is empty where no model has a part in it. `kind`: of completions how they ended, of tokens `prompt` or `completion`,
    of faults the fault's code; empty for the others. `usd` is of completions whose price is known, `unpriced` counts the others.
    """

    measure: Measure
    model: str = ""
    kind: str = ""
    value: float


class DailySpending(Frozen):
    """What one model's completions came to on one day, in UTC; those of runs that were deleted are in the tallies alone."""

    day: date
    model: str
    completions: int
    usd: float


class Census(Frozen):
    """All runs at one moment: `in_flight` are completions asked for and not yet answered, by model.

    `spending` is of the last 30 days on which something was asked for, the newest first.
    """

    runs: dict[RunState, int]
    oldest_queued_at: datetime | None
    candidates: dict[CandidateState, int]
    in_flight: dict[str, int]
    orchestrators: dict[RayState, int]
    tallies: tuple[Tally, ...]
    spending: tuple[DailySpending, ...] = ()
