"""Changes of completions: intended before they are asked for, stored before they are read."""

from __future__ import annotations

from sqlmodel import col, select

from service.schema import Completion, CompletionState, EventKind, Message, Usage
from service.store.change import Change
from service.store.errors import NotFound, StateConflict
from service.store.records import completion_of
from service.store.tables import CompletionRow


def intend(
    change: Change, iteration: int, slot: int, attempt: int, model: str, messages: tuple[Message, ...]
) -> Completion:
    """Records that an attempt is about to be asked for. Raises `StateConflict` if its reply is stored already."""
    run_id = change.run.id
    query = select(CompletionRow.state).where(
        CompletionRow.run_id == run_id,
        CompletionRow.iteration == iteration,
        CompletionRow.slot == slot,
        CompletionRow.attempt == attempt,
    )
    earlier = change.session.exec(query).all()
    if CompletionState.STORED in earlier:
        raise StateConflict(
            f"run {run_id}, iteration {iteration}, slot {slot}, attempt {attempt} has a stored completion: "
            "read it, it is never asked for again"
        )
    row = CompletionRow(
        id=f"{run_id}-{iteration}-{slot}-{attempt}-{len(earlier)}",
        run_id=run_id,
        iteration=iteration,
        slot=slot,
        attempt=attempt,
        earlier=len(earlier),
        model=model,
        state=CompletionState.INTENDED,
        messages=messages,
        parents=(),
        created_at=change.at,
    )
    change.session.add(row)
    _event(change, row, f"asked {model} for iteration {iteration}, candidate {slot}, attempt {attempt}")
    return completion_of(row)


def store(
    change: Change, completion_id: str, reply: str, origin: str, parents: tuple[str, ...], usage: Usage
) -> Completion:
    """Keeps a reply and counts its cost, once. Raises `NotFound`, and `StateConflict` if it failed or was lost before."""
    row = _row(change, completion_id, CompletionState.STORED)
    if row.state == CompletionState.INTENDED:
        row.state, row.reply, row.origin, row.parents = CompletionState.STORED, reply, origin, parents
        _spend(change, row, usage)
        change.session.flush()
        change.session.refresh(row)
        cost = "price unknown" if usage.usd is None else f"{usage.usd:.4f} USD"
        _event(change, row, f"{row.model} answered with {usage.completion_tokens} tokens, {cost}")
    return completion_of(row)


def fail(change: Change, completion_id: str, error: str, usage: Usage) -> Completion:
    """Notes that no reply came and counts what it cost, once. Raises `NotFound`, and `StateConflict` if a reply is stored."""
    row = _row(change, completion_id, CompletionState.FAILED)
    if row.state == CompletionState.INTENDED:
        row.state, row.error = CompletionState.FAILED, error
        _spend(change, row, usage)
        _event(change, row, f"{row.model} did not answer: {error}")
    return completion_of(row)


def _row(change: Change, completion_id: str, then: CompletionState) -> CompletionRow:
    query = select(CompletionRow).where(
        col(CompletionRow.id) == completion_id, col(CompletionRow.run_id) == change.run.id
    )
    row = change.session.exec(query).one_or_none()
    if row is None:
        raise NotFound(f"no completion {completion_id!r} is stored for run {change.run.id}: record its intent first")
    if row.state not in (CompletionState.INTENDED, then):
        raise StateConflict(f"completion {completion_id} is {row.state}: it cannot become {then}")
    return row


def _spend(change: Change, row: CompletionRow, usage: Usage) -> None:
    row.prompt_tokens, row.completion_tokens = usage.prompt_tokens, usage.completion_tokens
    row.usd, row.latency_seconds = usage.usd, usage.latency_seconds
    change.run.completions += 1
    change.spend(row.iteration, usd=usage.usd or 0.0)
    change.run.prompt_tokens += usage.prompt_tokens
    change.run.completion_tokens += usage.completion_tokens


def _event(change: Change, row: CompletionRow, text: str) -> None:
    change.event(EventKind.COMPLETION, text, iteration=row.iteration, state=row.state)
