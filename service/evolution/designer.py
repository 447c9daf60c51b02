"""What one designer is asked: the messages for a model that reads, and the same facts for one that does not."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from envs.card import EnvCard, Variable
from prompts.render import (
    ActionFacts,
    DesignFacts,
    EnvironmentFacts,
    FitnessFacts,
    ParentFacts,
    RankingFacts,
    RejectedFacts,
    VariableRow,
    WordsFacts,
    render,
    span,
)
from service.llm.contract import DesignRequest, Parent, Rejected, VariableStatistics
from service.schema import Fault, Finding, Fitness, Message, Moment, RunRecord

MOST_SAYINGS = 16
"""Words, and rankings, that a designer is shown, the newest; those that come while an iteration is under way wait for the next."""


def design_request(
    card: EnvCard,
    statistics: Mapping[str, VariableStatistics],
    record: RunRecord,
    iteration: int,
    slot: int,
    attempt: int,
    parents: tuple[Parent, ...],
    rejected: Rejected | None,
) -> DesignRequest:
    """The request for one reward: the same arguments give the same request, so a resumed run asks what it would have asked."""
    request = record.run.request
    words = tuple(WordsFacts(one.candidate_id, one.words) for one in record.feedback if one.iteration < iteration)
    rankings = tuple(RankingFacts(one.ranking, one.words) for one in record.preferences if one.iteration < iteration)
    return DesignRequest(
        card=card,
        task=request.task,
        fitness=record.run.fitness,
        statistics=statistics,
        iteration=iteration,
        slot=slot,
        attempt=attempt,
        seed=design_seed(request.search.seed, iteration, slot, attempt),
        parents=parents,
        rejected=rejected,
        messages=messages(
            card, statistics, request.task, record.run.fitness, parents, rejected,
            words[-MOST_SAYINGS:], rankings[-MOST_SAYINGS:],
        ),
    )  # fmt: skip


def messages(
    card: EnvCard,
    statistics: Mapping[str, VariableStatistics],
    task: str,
    fitness: Fitness,
    parents: tuple[Parent, ...] = (),
    rejected: Rejected | None = None,
    words: tuple[WordsFacts, ...] = (),
    rankings: tuple[RankingFacts, ...] = (),
) -> tuple[Message, ...]:
    """What a model is told that shall write one reward."""
    facts = DesignFacts(
        task=task,
        environment=_environment(card, statistics),
        fitness=FitnessFacts(fitness.name, fitness.unit, fitness.score, fitness.success),
        parents=tuple(_parent(parent) for parent in parents),
        rejected=RejectedFacts(rejected.source, tuple(map(_fault, rejected.faults))) if rejected else None,
        words=words,
        rankings=rankings,
    )
    return tuple(Message(role=message.role, content=message.content) for message in render(facts))


def design_seed(search_seed: int, iteration: int, slot: int, attempt: int) -> int:
    """A seed in [0, 2^63) that follows from these four numbers alone, on every machine and in every version."""
    key = f"{search_seed}/{iteration}/{slot}/{attempt}".encode()
    return int.from_bytes(hashlib.blake2b(key, digest_size=8).digest()) >> 1


def variable_statistics(transitions: Mapping[str, NDArray[np.float32]]) -> dict[str, VariableStatistics]:
    """Mean, standard deviation and 5th, 95th percentile of each variable over recorded transitions, `(B,)` or `(B, n)` float32."""
    statistics = {}
    for name, values in transitions.items():
        columns = values.reshape(len(values), -1).astype(np.float64)
        low, high = np.percentile(columns, [5, 95], axis=0)
        statistics[name] = VariableStatistics(
            *(tuple(figure.tolist()) for figure in (columns.mean(axis=0), columns.std(axis=0), low, high))
        )
    return statistics


def _environment(card: EnvCard, statistics: Mapping[str, VariableStatistics]) -> EnvironmentFacts:
    action = card.action
    return EnvironmentFacts(
        id=card.id,
        title=card.title,
        summary=card.summary,
        dt=card.dt,
        max_steps=card.max_steps,
        ending=card.ending.about,
        variables=tuple(_row(variable, statistics.get(variable.name)) for variable in card.variables),
        action=ActionFacts(action.names, action.low, action.high, action.unit, action.about),
    )


def _row(variable: Variable, known: VariableStatistics | None) -> VariableRow:
    usual = span(known.low, known.high) if known else "not measured"
    return VariableRow(variable.name, variable.size, variable.unit, variable.about, usual)


def _parent(parent: Parent) -> ParentFacts:
    return ParentFacts(
        parent.candidate_id,
        parent.source,
        parent.fitness,
        parent.success_rate,
        parent.reflection,
        tuple(map(finding_line, parent.findings)),
    )


def finding_line(finding: Finding) -> str:
    """One finding as one line: how serious, where it was seen, what."""
    where = _moment(finding.moment)
    return f"[{finding.severity}] {finding.code}{where}: {finding.message}"


def _moment(moment: Moment) -> str:
    parts = []
    if moment.segment is not None:
        parts.append(f"segment {moment.segment}")
    if moment.episode is not None:
        parts.append(f"episode {moment.episode}")
    if moment.seconds is not None:
        parts.append(f"{moment.seconds:.2f} s into it")
    return f" ({', '.join(parts)})" if parts else ""


def _fault(fault: Fault) -> str:
    place = f"line {fault.line}: " if fault.line is not None else ""
    return f"- {place}{fault.message}"
