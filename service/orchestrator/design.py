"""The design step: asks for each reward of an iteration, has the critic read it, and sends back what it rejects."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from service.evolution.budget import exhausted
from service.evolution.critic import NoCode, extract_source, review
from service.evolution.designer import design_request
from service.evolution.reflection import reflect
from service.evolution.selection import best_training, select_parents
from service.llm.contract import DesignerError, Parent, Rejected
from service.log_context import about
from service.orchestrator.abandonable import run_all
from service.orchestrator.work import Interrupted, Tools
from service.schema import (
    Candidate,
    CandidateState,
    Completion,
    CompletionState,
    IterationState,
    RunRecord,
    Usage,
    Verdict,
)

SEED = "seed"
CONTRIBUTED = "contributed"
log = logging.getLogger(__name__)


def design(tools: Tools, iteration: int) -> None:
    """Fills every slot of an iteration with a candidate, all slots at once; a slot whose reply is stored is not asked again.

    Raises `DesignerError` if the designer cannot be reached and `Interrupted`; what was answered stays stored, and so is
    what a model answers after the run has been left.
    """
    record = tools.record()
    parents = _parents(record)
    tools.statistics  # noqa: B018 -- recorded here once, before the threads below all want it
    slots = range(max(record.run.request.search.candidates, _seeds(record, iteration)))
    fills = [(slot, partial(_fill, tools, record, iteration, slot, parents)) for slot in slots]
    for one in record.contributions:
        if one.iteration == iteration and one.slot is not None:
            fills.append((one.slot, partial(_give, tools, iteration, one.slot, one.source, CONTRIBUTED)))
    calls = [partial(_work_on, _candidate_id(tools, iteration, slot), fill) for slot, fill in fills]
    if not run_all(calls, tools.model_concurrency, tools.stopped):
        raise Interrupted
    tools.writer.set_iteration_state(iteration, IterationState.SCREENING)


def _work_on(candidate_id: str, fill: Callable[[], None]) -> None:
    with about(candidate_id=candidate_id):
        fill()


def _seeds(record: RunRecord, iteration: int) -> int:
    return len(record.run.request.seed_rewards) if iteration == 1 else 0


def _parents(record: RunRecord) -> tuple[Parent, ...]:
    return tuple(
        Parent(
            candidate_id=candidate.id,
            source=candidate.source,
            fitness=candidate.fitness,
            success_rate=candidate.success_rate or 0.0,
            findings=candidate.findings,
            reflection=reflect(candidate, training, _stopped_beside(record, candidate)),
        )
        for candidate in select_parents(record.candidates, record.run.request.search.parents)
        if candidate.fitness is not None and (training := best_training(record.trainings, candidate.id)) is not None
    )


def _stopped_beside(record: RunRecord, candidate: Candidate) -> tuple[Candidate, ...]:
    return tuple(
        one for one in record.candidates if one.iteration == candidate.iteration and one.state is CandidateState.PRUNED
    )


def _fill(tools: Tools, record: RunRecord, iteration: int, slot: int, parents: tuple[Parent, ...]) -> None:
    if slot < _seeds(record, iteration):
        _give(tools, iteration, slot, record.run.request.seed_rewards[slot], SEED)
        return
    rejected: Rejected | None = None
    for attempt in range(record.run.request.search.repairs + 1):
        if tools.stopped():
            raise Interrupted
        completion = _stored(record, iteration, slot, attempt) or _ask(
            tools, record, iteration, slot, attempt, parents, rejected
        )
        if completion is None:
            return
        if tools.stopped():
            raise Interrupted
        candidate = _read(tools, completion)
        _add(tools, candidate)
        if candidate.verdict is None or candidate.verdict.accepted:
            return
        rejected = Rejected(candidate.source, candidate.verdict.faults)


def _give(tools: Tools, iteration: int, slot: int, source: str, origin: str) -> None:
    """Fills a slot with a reward that a person wrote; one that the critic refuses is rejected at once."""
    verdict = review(source, tools.card, tools.transitions)
    _add(tools, _candidate(tools, iteration, slot, source, origin, (), verdict))


def _add(tools: Tools, candidate: Candidate) -> None:
    log.info("candidate %s%s", candidate.state, f": {candidate.reason}" if candidate.reason else "")
    tools.writer.add_candidate(candidate)


def _stored(record: RunRecord, iteration: int, slot: int, attempt: int) -> Completion | None:
    wanted = (iteration, slot, attempt)
    for completion in record.completions:
        place = (completion.iteration, completion.slot, completion.attempt)
        if place == wanted and completion.state is CompletionState.STORED:
            return completion
    return None


def _ask(
    tools: Tools,
    record: RunRecord,
    iteration: int,
    slot: int,
    attempt: int,
    parents: tuple[Parent, ...],
    rejected: Rejected | None,
) -> Completion | None:
    """A stored reply, paid for once; None where the budget allows no more."""
    if exhausted(record.run.request.budget, tools.store.get_run(tools.run_id).spending):
        return None
    request = design_request(tools.card, tools.statistics, record, iteration, slot, attempt, parents, rejected)
    intended = tools.writer.intend_completion(iteration, slot, attempt, tools.designer.name, request.messages)
    try:
        reply = tools.designer.design(request)
    except DesignerError as error:
        log.warning("completion failed: %s", error, extra={"completion_id": intended.id, "model": intended.model})
        tools.writer.fail_completion(intended.id, str(error), Usage())
        raise
    stored = tools.writer.store_completion(intended.id, reply.text, reply.origin, reply.parents, reply.usage)
    told = {"completion_id": stored.id, "model": stored.model, **reply.usage.model_dump()}
    log.info("completion stored", extra=told)
    return stored


def _read(tools: Tools, completion: Completion) -> Candidate:
    """What the critic makes of a reply: the same reply gives the same candidate."""
    try:
        source = extract_source(completion.reply or "")
    except NoCode as error:
        verdict, source = Verdict(accepted=False, faults=(error.fault,)), completion.reply or ""
    else:
        verdict = review(source, tools.card, tools.transitions)
    return _candidate(
        tools,
        completion.iteration,
        completion.slot,
        source,
        completion.origin or tools.designer.name,
        completion.parents,
        verdict,
    )


def _candidate_id(tools: Tools, iteration: int, slot: int) -> str:
    return f"{tools.run_id}-{iteration}-{slot}"


def _candidate(
    tools: Tools, iteration: int, slot: int, source: str, origin: str, parents: tuple[str, ...], verdict: Verdict
) -> Candidate:
    return Candidate(
        id=_candidate_id(tools, iteration, slot),
        run_id=tools.run_id,
        iteration=iteration,
        slot=slot,
        state=CandidateState.PROPOSED if verdict.accepted else CandidateState.REJECTED,
        source=source,
        origin=origin,
        parents=parents,
        verdict=verdict,
        reason=None if verdict.accepted else verdict.faults[0].message,
        created_at=datetime.now(UTC),
    )
