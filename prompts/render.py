"""Typed inputs in, messages out.

Whatever a user or a model wrote is data: it stands inside a fence that is longer than any run of backticks in it, or, where one
line is wanted, as one line. Templates are ours alone; text given to them is never read as a template.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from jinja2 import Environment as Templates
from jinja2 import PackageLoader, StrictUndefined

MAX_COMPONENTS: Final = 16
MAX_SOURCE_CHARACTERS: Final = 20_000
_OTHER_LINE_ENDS: Final = re.compile("\r\n|[\r\v\f\x1c\x1d\x1e\x85\u2028\u2029]")
_CONTROL: Final = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True)
class ChatMessage:
    """One message to a model."""

    role: Literal["system", "user"]
    content: str


@dataclass(frozen=True)
class VariableRow:
    """One row of the table of variables; `size` 0 is a scalar, `usual` the span of its values under an untrained policy."""

    name: str
    size: int
    unit: str
    about: str
    usual: str


@dataclass(frozen=True)
class ActionFacts:
    """What the policy commands, one name per entry."""

    names: tuple[str, ...]
    low: float
    high: float
    unit: str
    about: str


@dataclass(frozen=True)
class EnvironmentFacts:
    """What a model is told of an environment; `dt` in seconds, `max_steps` in steps."""

    id: str
    title: str
    summary: str
    dt: float
    max_steps: int
    ending: str
    variables: tuple[VariableRow, ...]
    action: ActionFacts


@dataclass(frozen=True)
class FitnessFacts:
    """How the trained policy is judged: two expressions over one episode."""

    name: str
    unit: str
    score: str
    success: str


@dataclass(frozen=True)
class ParentFacts:
    """A candidate to build on: its code, how its policy did, and what was seen, one line per finding."""

    candidate_id: str
    source: str
    fitness: float
    success_rate: float
    reflection: str
    findings: tuple[str, ...]


@dataclass(frozen=True)
class RejectedFacts:
    """A reward that was refused and why, one line per fault."""

    source: str
    faults: tuple[str, ...]


@dataclass(frozen=True)
class WordsFacts:
    """What a person said of a candidate, or of the run where none is named."""

    candidate_id: str | None
    words: str


@dataclass(frozen=True)
class RankingFacts:
    """Candidates as a person ranked them, the one liked best first, and why if that was said."""

    ranking: tuple[str, ...]
    words: str | None


@dataclass(frozen=True)
class DesignFacts:
    """All that one design request says: a repair if `rejected` is set, an improvement if there are parents, else a proposal."""

    task: str
    environment: EnvironmentFacts
    fitness: FitnessFacts
    parents: tuple[ParentFacts, ...] = ()
    rejected: RejectedFacts | None = None
    words: tuple[WordsFacts, ...] = ()
    rankings: tuple[RankingFacts, ...] = ()


@dataclass(frozen=True)
class _Limits:
    """Longest texts in characters; what is cut says so."""

    task: int = 4_000
    fitness: int = 3_000
    source: int = MAX_SOURCE_CHARACTERS
    reflection: int = 6_000
    findings: int = 6_000
    words: int = 2_000


def render(facts: DesignFacts) -> tuple[ChatMessage, ...]:
    """The system message and one user message for this request."""
    kind = "repair" if facts.rejected is not None else "improvement" if facts.parents else "proposal"
    templates = _templates()
    system = templates.get_template("system.md.j2").render(
        max_components=MAX_COMPONENTS, max_source_characters=MAX_SOURCE_CHARACTERS
    )
    user = templates.get_template(f"{kind}.md.j2").render(
        request=facts, environment=facts.environment, limits=_Limits()
    )
    return ChatMessage("system", system.strip()), ChatMessage("user", user.strip())


def clean(text: str, limit: int) -> str:
    """`text` with plain line ends and without control characters, cut to `limit` characters with a note of what is missing."""
    plain = _CONTROL.sub("", _OTHER_LINE_ENDS.sub("\n", text)).strip("\n")
    if len(plain) <= limit:
        return plain
    return f"{plain[:limit]}\n[cut here: {len(plain) - limit} characters left out]"


def fenced(text: str, language: str, limit: int) -> str:
    """`text` as a Markdown code block that it cannot close: the fence is longer than any of its runs of backticks."""
    body = clean(text, limit)
    longest = max((len(run) for run in re.findall("`+", body)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{body}\n{fence}"


def _line(text: str) -> str:
    return " ".join(clean(text, 1_000).replace("`", "'").split())


def _cell(text: str) -> str:
    return _line(text).replace("|", "/")


def _shape(size: int) -> str:
    return f"(B, {size})" if size else "(B,)"


def _figure(value: float) -> str:
    return f"{value:.4g}"


def span(low: Sequence[float], high: Sequence[float]) -> str:
    """The span of a variable in words: `a to b`, or `a to b; c to d; …` for a vector (its first four entries)."""
    spans = [f"{_figure(a)} to {_figure(b)}" for a, b in zip(low[:4], high[:4], strict=True)]
    return "; ".join([*spans, "…"] if len(low) > 4 else spans)


@cache
def _templates() -> Templates:
    templates = Templates(
        loader=PackageLoader("prompts", "."),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=False,
        lstrip_blocks=False,
        keep_trailing_newline=False,
    )
    templates.filters |= {"fenced": fenced, "line": _line, "cell": _cell, "shape": _shape, "figure": _figure}
    return templates
