"""The tables. They stay inside this package: readers get the types of `service.schema`."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy import BigInteger, Column, ForeignKey, Index, String, UniqueConstraint, false
from sqlalchemy.orm import configure_mappers
from sqlmodel import Field, SQLModel

from service.schema import (
    Comparison,
    CurvePoint,
    Finding,
    Fitness,
    Interval,
    Message,
    RunRequest,
    TrainingResult,
    Verdict,
)
from service.store.columns import PlainText, Stored, UtcDateTime

ID = 64
STATE = 24
LISTED_BY = tuple(
    (*chosen, order, "id")
    for order in ("created_at", "updated_at", "best_fitness")
    for chosen in ((), ("state",), ("environment",))
)
"""An index for each order in which runs are listed, and for each with a filter: pages are read from them without sorting."""


class RunRow(SQLModel, table=True):
    """A run, its lease (`owner`, `lease_expires_at`, `fencing_token`), its spending and the number of its last event.

    `asked_digest` is of the request that came with `idempotency_key`: `request` changes when the run is extended. None without a
    key, and for runs of releases that had none.
    """

    __tablename__: ClassVar[str] = "run"
    __table_args__ = (
        *(Index(f"ix_run_{'_'.join(columns)}", *columns) for columns in LISTED_BY),
        Index("ix_run_state_queued_at", "state", "queued_at"),
        # Tasks are looked through in here, newest first, where rows themselves are wide; PostgreSQL keeps wide values beside
        # its rows, and has a limit on what an index holds.
        Index("ix_run_created_at_id_task", "created_at", "id", "task").ddl_if(dialect="sqlite"),
    )

    id: str = Field(primary_key=True, max_length=ID)
    environment: str = Field(max_length=ID, sa_column_kwargs={"server_default": ""})
    task: str = Field(sa_column=Column(PlainText, nullable=False, server_default=""))
    request: RunRequest = Field(sa_column=Column(Stored(RunRequest), nullable=False))
    fitness: Fitness = Field(sa_column=Column(Stored(Fitness), nullable=False))
    steps: int = Field(sa_type=BigInteger)
    state: str = Field(max_length=STATE)
    wanted_state: str | None = Field(default=None, max_length=STATE)
    reason: str | None = Field(default=None, sa_column=Column(PlainText))
    queued_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    iteration: int = 0
    excused_iterations: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    heard_iterations: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    idempotency_key: str | None = Field(default=None, max_length=64, unique=True, index=True)
    asked_digest: str | None = Field(default=None, max_length=64)
    best_fitness: float | None = None
    best_candidate_id: str | None = Field(default=None, max_length=ID)
    bests: tuple[float | None, ...] = Field(
        default=(), sa_column=Column(Stored(tuple[float | None, ...]), nullable=False, server_default="[]")
    )
    comparison: Comparison | None = Field(default=None, sa_column=Column(Stored(Comparison)))
    owner: str | None = Field(default=None, max_length=255)
    lease_expires_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    fencing_token: int = 0
    last_event: int = 0
    usd: float = 0.0
    prompt_tokens: int = Field(default=0, sa_type=BigInteger)
    completion_tokens: int = Field(default=0, sa_type=BigInteger)
    completions: int = 0
    completions_possibly_paid: int = 0
    environment_steps: int = Field(default=0, sa_type=BigInteger)
    seconds: float = 0.0
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    updated_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


def _run_id(*, primary_key: bool = False) -> Column[str]:
    return Column("run_id", String(ID), ForeignKey("run.id"), primary_key=primary_key, nullable=False)


class IterationRow(SQLModel, table=True):
    """One generation; its figures are derived from its candidates."""

    __tablename__: ClassVar[str] = "iteration"

    run_id: str = Field(sa_column=_run_id(primary_key=True))
    number: int = Field(primary_key=True)
    state: str = Field(max_length=STATE)
    usd: float = Field(default=0.0, sa_column_kwargs={"server_default": "0"})
    environment_steps: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": "0"})


class CandidateRow(SQLModel, table=True):
    """One reward function."""

    __tablename__: ClassVar[str] = "candidate"
    __table_args__ = (
        UniqueConstraint("run_id", "iteration", "slot", name="uq_candidate_place"),
        Index("ix_candidate_state", "state"),
    )

    id: str = Field(primary_key=True, max_length=ID)
    run_id: str = Field(sa_column=_run_id())
    iteration: int
    slot: int
    state: str = Field(max_length=STATE)
    source: str = Field(sa_column=Column(PlainText, nullable=False))
    origin: str = Field(sa_column=Column(PlainText, nullable=False))
    parents: tuple[str, ...] = Field(sa_column=Column(Stored(tuple[str, ...]), nullable=False))
    verdict: Verdict | None = Field(default=None, sa_column=Column(Stored(Verdict)))
    fitness: float | None = None
    fitness_interval: Interval | None = Field(default=None, sa_column=Column(Stored(Interval)))
    success_rate: float | None = None
    continued: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    findings: tuple[Finding, ...] = Field(sa_column=Column(Stored(tuple[Finding, ...]), nullable=False))
    reason: str | None = Field(default=None, sa_column=Column(PlainText))
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class CompletionRow(SQLModel, table=True):
    """One request to a designer; `earlier` counts the requests for the same attempt that failed or were lost before it."""

    __tablename__: ClassVar[str] = "completion"
    __table_args__ = (
        UniqueConstraint("run_id", "iteration", "slot", "attempt", "earlier", name="uq_completion_place"),
        Index("ix_completion_census", "model", "state", "usd", "prompt_tokens", "completion_tokens"),
        Index("ix_completion_model_created_at", "model", "created_at"),
    )

    id: str = Field(primary_key=True, max_length=ID)
    run_id: str = Field(sa_column=_run_id())
    iteration: int
    slot: int
    attempt: int
    earlier: int
    model: str = Field(sa_column=Column(PlainText, nullable=False))
    state: str = Field(max_length=STATE)
    messages: tuple[Message, ...] = Field(sa_column=Column(Stored(tuple[Message, ...]), nullable=False))
    reply: str | None = Field(default=None, sa_column=Column(PlainText))
    origin: str | None = Field(default=None, sa_column=Column(PlainText))
    parents: tuple[str, ...] = Field(sa_column=Column(Stored(tuple[str, ...]), nullable=False))
    prompt_tokens: int = 0
    completion_tokens: int = 0
    usd: float | None = 0.0
    latency_seconds: float = 0.0
    error: str | None = Field(default=None, sa_column=Column(PlainText))
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class TrainingRow(SQLModel, table=True):
    """One member's training; the artifacts of its checkpoint and its policy are named by their keys."""

    __tablename__: ClassVar[str] = "training"

    id: str = Field(primary_key=True, max_length=ID)
    run_id: str = Field(sa_column=Column(String(ID), ForeignKey("run.id"), nullable=False, index=True))
    candidate_id: str | None = Field(
        default=None, sa_column=Column(String(ID), ForeignKey("candidate.id"), nullable=True)
    )
    place: int
    reward: str = Field(max_length=STATE)
    comparison: bool
    seed: int
    warm_start: str | None = Field(default=None, max_length=ID)
    state: str = Field(max_length=STATE)
    segments: int
    segments_done: int = 0
    checkpoint_key: str | None = Field(default=None, max_length=255)
    policy_key: str | None = Field(default=None, max_length=255)
    result: TrainingResult | None = Field(default=None, sa_column=Column(Stored(TrainingResult)))
    reason: str | None = Field(default=None, sa_column=Column(PlainText))


class CurvePointRow(SQLModel, table=True):
    """What a training reported at the end of one segment."""

    __tablename__: ClassVar[str] = "curve_point"

    training_id: str = Field(sa_column=Column(String(ID), ForeignKey("training.id"), primary_key=True))
    segment: int = Field(primary_key=True)
    point: CurvePoint = Field(sa_column=Column(Stored(CurvePoint), nullable=False))


def _indexed_run_id() -> Column[str]:
    return Column("run_id", String(ID), ForeignKey("run.id"), nullable=False, index=True)


class FeedbackRow(SQLModel, table=True):
    """Words of a person on a run, or on one of its candidates."""

    __tablename__: ClassVar[str] = "feedback"

    id: str = Field(primary_key=True, max_length=ID)
    run_id: str = Field(sa_column=_indexed_run_id())
    iteration: int
    candidate_id: str | None = Field(default=None, max_length=ID)
    words: str = Field(sa_column=Column(PlainText, nullable=False))
    author: str = Field(sa_column=Column(PlainText, nullable=False))
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class PreferenceRow(SQLModel, table=True):
    """A person's ranking of candidates."""

    __tablename__: ClassVar[str] = "preference"

    id: str = Field(primary_key=True, max_length=ID)
    run_id: str = Field(sa_column=_indexed_run_id())
    iteration: int
    ranking: tuple[str, ...] = Field(sa_column=Column(Stored(tuple[str, ...]), nullable=False))
    words: str | None = Field(default=None, sa_column=Column(PlainText))
    author: str = Field(sa_column=Column(PlainText, nullable=False))
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class ContributionRow(SQLModel, table=True):
    """A reward of a person's own; without `iteration` and `slot` as long as it waits for the next iteration."""

    __tablename__: ClassVar[str] = "contribution"

    id: str = Field(primary_key=True, max_length=ID)
    run_id: str = Field(sa_column=_indexed_run_id())
    source: str = Field(sa_column=Column(PlainText, nullable=False))
    author: str = Field(sa_column=Column(PlainText, nullable=False))
    iteration: int | None = None
    slot: int | None = None
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class OrchestratorRow(SQLModel, table=True):
    """The last sign of life of one orchestrator."""

    __tablename__: ClassVar[str] = "orchestrator"

    owner: str = Field(primary_key=True, max_length=255)
    started_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    seen_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    runs: int
    runs_at_once: int
    ray: str = Field(max_length=STATE)
    fault: str | None = Field(default=None, sa_column=Column(PlainText))


class TokenRow(SQLModel, table=True):
    """A bearer token; of its secret only the SHA-256 is kept, in hexadecimal."""

    __tablename__: ClassVar[str] = "token"
    __table_args__ = (UniqueConstraint("secret_hash", name="uq_token_secret_hash"),)

    id: str = Field(primary_key=True, max_length=ID)
    name: str = Field(sa_column=Column(PlainText, nullable=False))
    scope: str = Field(max_length=STATE)
    secret_hash: str = Field(max_length=64)
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    revoked_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))


class FaultRow(SQLModel, table=True):
    """How many rewards of a run were refused by the critic or failed in training for one kind of fault, those mended since too."""

    __tablename__: ClassVar[str] = "fault"

    run_id: str = Field(sa_column=_run_id(primary_key=True))
    kind: str = Field(primary_key=True, max_length=ID)
    count: int = 0


class TallyRow(SQLModel, table=True):
    """What deleted runs had counted for: a count that a metric shows never falls."""

    __tablename__: ClassVar[str] = "tally"

    measure: str = Field(primary_key=True, max_length=STATE)
    model: str = Field(sa_column=Column(PlainText, primary_key=True))
    kind: str = Field(primary_key=True, max_length=ID)
    value: float


class EventRow(SQLModel, table=True):
    """One change of a run; `number` is given out under the run's row lock."""

    __tablename__: ClassVar[str] = "event"

    run_id: str = Field(sa_column=_run_id(primary_key=True))
    number: int = Field(primary_key=True)
    kind: str = Field(max_length=STATE)
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    text: str = Field(sa_column=Column(PlainText, nullable=False))
    iteration: int | None = None
    candidate_id: str | None = Field(default=None, max_length=ID)
    training_id: str | None = Field(default=None, max_length=ID)
    state: str | None = Field(default=None, max_length=STATE)
    fitness: float | None = None
    steps_per_second: float | None = None
    steps: int | None = Field(default=None, sa_type=BigInteger)


configure_mappers()  # here, and not at a first query: what a process makes before it serves is left out where it looks for garbage
