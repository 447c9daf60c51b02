"""What a run is and holds: iterations, candidates, completions, findings, events."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import Field

from service.schema.people import Contribution, Feedback, Preference
from service.schema.search import Fitness, Frozen, RunRequest
from service.schema.training import Comparison, Interval, Training


class RunState(StrEnum):
    """A run's way: `queued` to `running` to an end, with `paused` and `awaiting_feedback` beside `running`."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    AWAITING_FEEDBACK = "awaiting_feedback"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to the run."""
        return self in (RunState.COMPLETED, RunState.FAILED, RunState.CANCELLED)


class CandidateState(StrEnum):
    """A candidate's way: `proposed` to `queued` to `training` to `trained`, and the four ways out.

    One that is `pruned` can be queued again, to be trained to its end.
    """

    PROPOSED = "proposed"
    REJECTED = "rejected"
    SCREENED_OUT = "screened_out"
    QUEUED = "queued"
    TRAINING = "training"
    PRUNED = "pruned"
    TRAINED = "trained"
    FAILED = "failed"


class IterationState(StrEnum):
    """An iteration's way through the orchestrator; each value names the step that comes next."""

    DESIGNING = "designing"
    SCREENING = "screening"
    TRAINING = "training"
    ANALYZING = "analyzing"
    DONE = "done"


class CompletionState(StrEnum):
    """`intended` is written before the request leaves; an intended one whose process died is possibly paid."""

    INTENDED = "intended"
    STORED = "stored"
    FAILED = "failed"
    LOST = "lost"


class Message(Frozen):
    """One message said to a model."""

    role: Literal["system", "user", "assistant"]
    content: str


class Usage(Frozen):
    """What one completion cost: tokens, US dollars (None where the model's price is unknown) and seconds."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    usd: float | None = 0.0
    latency_seconds: float = 0.0


class Completion(Frozen):
    """One request to a designer and its reply; `attempt` 0 is the proposal, higher ones repairs of it.

    `origin` and `parents` are what the designer said of how the reply was made, known once it is stored.
    """

    id: str
    run_id: str
    iteration: int
    slot: int
    attempt: int
    model: str
    state: CompletionState
    messages: tuple[Message, ...]
    reply: str | None
    origin: str | None = None
    parents: tuple[str, ...] = ()
    usage: Usage
    error: str | None
    created_at: datetime


class Fault(Frozen):
    """One reason why a reward was refused, in words its author can act on; `line` and `column` count from 1."""

    code: str
    message: str
    line: int | None = None
    column: int | None = None


class ComponentVerdict(Frozen):
    """One reward component over the recorded transitions; `share` is of the mean magnitude of all components.

    `saturated`: fraction of transitions at the more frequent end of its range; `inputs`: the parameters that it moves with.
    Verdicts of before these were found have none.
    """

    mean: float
    std: float
    low: float
    high: float
    share: float
    saturated: float | None = None
    inputs: tuple[str, ...] = ()


class Verdict(Frozen):
    """What the critic found before any training: faults reject, notes inform the designer.

    `total` has share 1; `transitions`: how many were probed. Figures are None or empty where the code gave nothing.
    """

    accepted: bool
    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()
    total: ComponentVerdict | None = None
    components: dict[str, ComponentVerdict] = Field(default_factory=dict)
    ignored_inputs: tuple[str, ...] = ()
    seconds_per_transition: float | None = None
    transitions: int | None = None


class Severity(StrEnum):
    """How much a finding should weigh on the next design."""

    INFO = "info"
    WARNING = "warning"
    SERIOUS = "serious"


class Moment(Frozen):
    """When a finding happened: a segment of the training, or a time in seconds of an evaluated episode."""

    segment: int | None = None
    episode: int | None = None
    seconds: float | None = None


class Finding(Frozen):
    """One thing the analyzer saw: a code, a sentence with its figures, the component it speaks of, and when."""

    code: str
    severity: Severity
    message: str
    component: str | None = None
    value: float | None = None
    moment: Moment = Moment()


class Candidate(Frozen):
    """One reward function: its code, where it came from, what became of it.

    `fitness` is the mean over its seeds, `fitness_interval` its interval, None with one seed. `continued`: it was stopped early,
    and a user asked to train it to its end. `human_normalised`: where its fitness lies between the sparse (0) and the human
    reward (1) of a stored baseline, else of its run's final comparison; None without either, or where the two cannot be told apart.
    """

    id: str
    run_id: str
    iteration: int
    slot: int
    state: CandidateState
    source: str
    origin: str = Field(description="How it was made: `proposed`, `repaired`, or the offline designer's operation.")
    parents: tuple[str, ...] = ()
    verdict: Verdict | None = None
    fitness: float | None = None
    fitness_interval: Interval | None = None
    human_normalised: float | None = None
    success_rate: float | None = None
    continued: bool = False
    findings: tuple[Finding, ...] = ()
    reason: str | None = None
    created_at: datetime


class Iteration(Frozen):
    """One generation: `best` and `mean` are fitness over its trained candidates, None before any is trained."""

    run_id: str
    number: int
    state: IterationState
    best: float | None = None
    mean: float | None = None
    trained: int = 0
    candidates: int = 0
    usd: float = 0.0
    environment_steps: int = 0


class Spending(Frozen):
    """What a run has used: `completions_possibly_paid` were in flight when a process died."""

    usd: float = 0.0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    completions: int = 0
    completions_possibly_paid: int = 0
    environment_steps: int = 0
    seconds: float = 0.0


class Run(Frozen):
    """One run as the API shows it; `steps` are environment steps per training, `reason` says why it stands where it does.

    `excused_iterations`: so many of its first iterations no longer speak against buying another: a user resumed it after them, or
    extended it.
    `heard_iterations`: after so many of them, where it waits for words, a user has let it go on.
    """

    id: str
    request: RunRequest
    fitness: Fitness
    steps: int
    state: RunState
    reason: str | None
    iteration: int
    excused_iterations: int = 0
    heard_iterations: int = 0
    best_fitness: float | None
    best_candidate_id: str | None
    comparison: Comparison | None
    spending: Spending
    last_event: int = 0
    created_at: datetime
    updated_at: datetime


class RunSummary(Frozen):
    """One run in a list; its request and how its best reward compared are asked for by its id.

    `human_normalised`: its best fitness, as a candidate's is. `bests`: the best fitness of each iteration up to the last that
    has one.
    """

    id: str
    task: str
    environment: str
    fitness: Fitness
    steps: int
    state: RunState
    reason: str | None
    iteration: int
    best_fitness: float | None
    human_normalised: float | None = None
    best_candidate_id: str | None
    bests: tuple[float | None, ...] = ()
    spending: Spending
    created_at: datetime
    updated_at: datetime


class RunList(Frozen):
    """Runs in the order asked for; `next_cursor` asks for those that follow and is null at the end."""

    items: tuple[RunSummary, ...]
    next_cursor: str | None


class RunRecord(Frozen):
    """All that is known of a run: what `evolution` decides from. Lists are in order of iteration, slot and attempt.

    `last_event`: the number of the last event that it takes account of.
    """

    run: Run
    iterations: tuple[Iteration, ...]
    candidates: tuple[Candidate, ...]
    completions: tuple[Completion, ...]
    trainings: tuple[Training, ...]
    feedback: tuple[Feedback, ...] = ()
    preferences: tuple[Preference, ...] = ()
    contributions: tuple[Contribution, ...] = ()
    last_event: int = 0


class EventKind(StrEnum):
    """What an event tells of."""

    RUN_STATE = "run_state"
    ITERATION_STATE = "iteration_state"
    COMPLETION = "completion"
    CANDIDATE_STATE = "candidate_state"
    CURVE_POINT = "curve_point"
    TRAINING_STATE = "training_state"
    FINDINGS = "findings"
    COMPARISON = "comparison"
    FEEDBACK = "feedback"
    LOG = "log"


class Event(Frozen):
    """One change of a run; `number` counts from 1 within the run without gaps. `text` is one line for people."""

    run_id: str
    number: int
    kind: EventKind
    at: datetime
    text: str
    iteration: int | None = None
    candidate_id: str | None = None
    training_id: str | None = None
    state: str | None = None
    fitness: float | None = None
    steps_per_second: float | None = None
    steps: int | None = None
