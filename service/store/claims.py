"""Who works on a run: claims with a lease and a fencing token, heartbeats, and the marks a dead owner's work gets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from service.schema import CompletionState, EventKind, RunState
from service.store.change import Change
from service.store.columns import now
from service.store.errors import LeaseLost
from service.store.owner import is_dead, start_time, this_host
from service.store.records import run_row
from service.store.tables import CompletionRow, RunRow


@dataclass(frozen=True)
class Claim:
    """The right to change one run, valid as long as the run carries the same fencing token and is running.

    `taken_over`: from an owner that is gone.
    """

    run_id: str
    owner: str
    token: int
    taken_over: bool = False


def claimable(session: Session, run_id: str | None) -> list[str]:
    """Ids of runs that wait for an owner, the longest waiting first: queued ones, and running ones whose owner is gone."""
    query = select(RunRow.id, RunRow.state, RunRow.owner, RunRow.lease_expires_at).where(
        col(RunRow.state).in_([RunState.QUEUED, RunState.RUNNING])
    )
    if run_id is not None:
        query = query.where(RunRow.id == run_id)
    rows = session.exec(query.order_by(col(RunRow.queued_at), col(RunRow.id))).all()
    return [
        row_id for row_id, state, owner, expires in rows if state == RunState.QUEUED or is_abandoned(owner, expires)
    ]


def is_abandoned(owner: str | None, lease_expires_at: datetime | None) -> bool:
    """Whether nobody works on a running run: its lease has run out, or its owner is a dead process of this host."""
    return (
        owner is None
        or lease_expires_at is None
        or lease_expires_at <= now()
        or is_dead(owner, this_host(), start_time)
    )


def take(session: Session, run_id: str, owner: str, lease_seconds: float) -> Claim | None:
    """Takes the run if it still waits for an owner; completions in flight when the last owner died are marked lost."""
    query = select(RunRow).where(RunRow.id == run_id).with_for_update(skip_locked=True)
    row = session.exec(query).one_or_none()
    if row is None or not (row.state == RunState.QUEUED or _is_orphan(row)):
        return None
    change = Change(session, row)
    reason = "taken over from an owner that is gone" if row.state == RunState.RUNNING else None
    if reason:
        change.event(EventKind.LOG, reason)
    _mark_lost(change)
    change.move(RunState.RUNNING, None)
    row.owner, row.lease_expires_at = owner, change.at + timedelta(seconds=lease_seconds)
    row.fencing_token += 1
    return Claim(run_id, owner, row.fencing_token, taken_over=reason is not None)


def held(session: Session, claim: Claim, *, after_leaving: bool = False) -> RunRow:
    """The claimed run's row, locked. Raises `LeaseLost` if the claim no longer holds, `NotFound` if the run is gone.

    `after_leaving`: it holds even when the run has been left since, as long as nobody has taken it again.
    """
    row = run_row(session, claim.run_id, lock=True)
    if row.fencing_token != claim.token:
        raise LeaseLost(
            f"run {claim.run_id}: fencing token {claim.token} of {claim.owner} is out of date, the run has token "
            f"{row.fencing_token} of {row.owner or 'nobody'}; stop working on it, nothing was written"
        )
    if row.state != RunState.RUNNING and not after_leaving:
        raise LeaseLost(f"run {claim.run_id} is {row.state} and no longer worked on; claim it again to change it")
    return row


def withdraw(row: RunRow) -> bool:
    """Whether nobody works on the run; if so, any claim that is still out is made void."""
    if row.state == RunState.RUNNING and not _is_orphan(row):
        return False
    row.fencing_token += 1
    return True


def _is_orphan(row: RunRow) -> bool:
    return row.state == RunState.RUNNING and is_abandoned(row.owner, row.lease_expires_at)


def _mark_lost(change: Change) -> None:
    query = select(CompletionRow).where(
        CompletionRow.run_id == change.run.id, CompletionRow.state == CompletionState.INTENDED
    )
    for row in change.session.exec(query.order_by(col(CompletionRow.id))).all():
        row.state = CompletionState.LOST
        change.run.completions_possibly_paid += 1
        change.event(
            EventKind.COMPLETION,
            f"completion {row.id} was in flight when its process ended: possibly paid",
            iteration=row.iteration,
            state=CompletionState.LOST,
        )
