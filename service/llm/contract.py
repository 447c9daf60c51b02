"""What every designer is: something that answers a design request with text.

DesignerError
├── DesignerMisconfigured   unknown model, no key: said before anything is spent
├── DesignerUnreachable     no answer after all retries: an infrastructure fault, the run pauses
└── DesignerRefused         the provider will not answer this request (4xx): retrying will not help
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from envs.card import EnvCard
from service.schema import Fault, Finding, Fitness, Message, Usage


class DesignerError(Exception):
    """A designer could not answer; the message names the model and how to mend it, and never holds a key."""


class DesignerMisconfigured(DesignerError):
    """The model is unknown or its key is not in the environment."""


class DesignerUnreachable(DesignerError):
    """The model's server did not answer in time, or only with 429 or 5xx, through all retries."""


class DesignerRefused(DesignerError):
    """The model's server answered that it will not do this."""


@dataclass(frozen=True)
class VariableStatistics:
    """One variable over recorded transitions: mean, standard deviation, 5th and 95th percentile of each of its entries."""

    mean: tuple[float, ...]
    std: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True)
class Parent:
    """A candidate that the next design builds on: its code, how it did, and what the analyzer saw."""

    candidate_id: str
    source: str
    fitness: float
    success_rate: float
    findings: tuple[Finding, ...]
    reflection: str


@dataclass(frozen=True)
class Rejected:
    """A reward that the critic sent back, with every fault found."""

    source: str
    faults: tuple[Fault, ...]


@dataclass(frozen=True)
class DesignRequest:
    """One reward wanted: the messages for a model that reads, and the same facts for one that does not.

    `parents` are best first and empty in the first iteration; `rejected` is set when this is a repair. `seed` is a
    function of (search seed, iteration, slot, attempt) alone.
    """

    card: EnvCard
    task: str
    fitness: Fitness
    statistics: Mapping[str, VariableStatistics]
    iteration: int
    slot: int
    attempt: int
    seed: int
    parents: tuple[Parent, ...]
    rejected: Rejected | None
    messages: tuple[Message, ...]


@dataclass(frozen=True)
class Reply:
    """What a designer answered, word for word, and what it cost. `origin` names how the reward was made; `parents` which
    candidates it was made from."""

    text: str
    usage: Usage
    origin: str
    parents: tuple[str, ...]


class Designer(Protocol):
    """A writer of reward functions. Called from several threads at once."""

    @property
    def name(self) -> str:
        """`offline`, or the model's litellm name."""

    def check(self) -> None:
        """Says before anything is spent whether the designer can be used. Raises `DesignerMisconfigured`, `DesignerUnreachable`."""

    def design(self, request: DesignRequest) -> Reply:
        """One reward function as text with a Python code block. Raises `DesignerUnreachable` or `DesignerRefused`."""
