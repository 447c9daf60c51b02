"""Every candidate as a file of its own, and one table of where each came from and what became of it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from service.schema import Candidate, CandidateState, Finding, Interval, Verdict


class LineageEntry(BaseModel):
    """One candidate in `lineage.json`; `file` stands beside it."""

    model_config = ConfigDict(frozen=True)

    id: str
    file: str
    iteration: int
    slot: int
    state: CandidateState
    origin: str
    parents: tuple[str, ...]
    fitness: float | None
    fitness_interval: Interval | None
    success_rate: float | None
    continued: bool
    reason: str | None
    verdict: Verdict | None
    findings: tuple[Finding, ...]


def file_name(candidate: Candidate) -> str:
    """`NN-SLOT.py` from the candidate's place alone; one that the critic refused is text, so that nobody runs it."""
    place = f"{candidate.iteration:02d}-{candidate.slot}"
    return f"{place}.py" if accepted(candidate) else f"{place}.refused.txt"


def accepted(candidate: Candidate) -> bool:
    """Whether the critic let the candidate through."""
    return candidate.verdict is not None and candidate.verdict.accepted


def lineage(candidates: tuple[Candidate, ...]) -> list[LineageEntry]:
    """All candidates in the order in which they were proposed."""
    return [
        LineageEntry(
            file=file_name(candidate),
            **{name: getattr(candidate, name) for name in LineageEntry.model_fields if name != "file"},
        )
        for candidate in candidates
    ]
